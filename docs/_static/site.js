// The toggles of the navigation have a picture only: name them for screen readers.
document.addEventListener("DOMContentLoaded", () => {
  for (const toggle of document.querySelectorAll("details > summary")) {
    if (!toggle.textContent.trim()) toggle.setAttribute("aria-label", "pages of this section");
  }
});
