// What textual-serve's terminal leaves to the page: its button, and that keys arrive before anyone clicks.
document.getElementById("again").addEventListener("click", () => window.location.reload());
new MutationObserver((_, observer) => {
  const keys = document.querySelector(".xterm-helper-textarea");
  if (keys && document.body.classList.contains("-first-byte")) {
    observer.disconnect();
    keys.focus();
  }
}).observe(document.body, { attributes: true, attributeFilter: ["class"] });
