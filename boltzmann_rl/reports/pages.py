"""Self-contained pages whose policy lets a browser run their own script and style and load nothing else."""

import base64
import hashlib
import re


def page_of(template: str, style: str, script: str) -> str:
    """A page with its style and script in it, and a content-security policy that allows these two by their hashes.

    Args:
        template: HTML with ``{{style}}``, ``{{script}}`` and ``{{policy}}``.
        style: CSS.
        script: JavaScript.

    Raises:
        ValueError: A style or script that would end its element early.

    Example:
        >>> page_of("<style>{{style}}</style><script>{{script}}</script>", "p { margin: 0 }", "let x = 1;")
        '<style>p { margin: 0 }</style><script>let x = 1;</script>'
    """
    for kind, text in (("style", style), ("script", script)):
        if f"</{kind}" in text.lower() or "<!--" in text:
            raise ValueError(f"the {kind} must not contain </{kind} or <!--, which would end or hide it in a page")
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    parts = {"policy": policy, "style": style, "script": script}
    return re.sub("{{(policy|style|script)}}", lambda hole: parts[hole.group(1)], template)


def _hash(text: str) -> str:
    """The source expression of an inline element, by which a policy allows it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
