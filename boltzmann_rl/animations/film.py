"""Pictures as GIF or MP4."""

import io
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

# Colours of a GIF: few, since that makes it small; text and bars need no more.
_COLOURS = 32


def gif(pictures: Sequence[Any], seconds: float) -> bytes:
    """A GIF that repeats, and stays longer on the last picture; the same bytes for the same pictures."""
    palette = Image.fromarray(np.concatenate([pictures[0], pictures[-1]])).quantize(_COLOURS, dither=Image.Dither.NONE)
    images = [Image.fromarray(one).quantize(palette=palette, dither=Image.Dither.NONE) for one in pictures]
    each = max(20, round(1000.0 * seconds / len(images)))
    durations = [each] * (len(images) - 1) + [each + 1500]
    buffer = io.BytesIO()
    images[0].save(
        buffer, "GIF", save_all=True, append_images=images[1:], duration=durations, loop=0, optimize=True, disposal=1
    )
    return buffer.getvalue()


def has_ffmpeg() -> bool:
    """Whether MP4 can be made."""
    return shutil.which("ffmpeg") is not None


def mp4(pictures: Sequence[Any], seconds: float, path: str) -> None:
    """Write an MP4 with ffmpeg, padded to even sizes, which its usual encoder needs.

    Raises:
        RuntimeError: ffmpeg failed; with what it said.
    """
    height, width = pictures[0].shape[:2]
    rate = f"{len(pictures) / seconds:.4f}"
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", rate, "-i", "-"]
    form = ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    command = ["ffmpeg", "-y", "-loglevel", "error", *source, *form, "-f", "mp4", path]
    done = subprocess.run(command, input=b"".join(one.tobytes() for one in pictures), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ffmpeg could not write {path}: {done.stderr.decode(errors='replace').strip()[-300:]}")
