// The tour's page on a small screen shows one of its two panes at a time.
const panes = document.querySelector("[data-panes]");
function show(name) {
  panes.dataset.shown = name;
  for (const button of panes.querySelectorAll("[data-pane]")) button.setAttribute("aria-pressed", String(button.dataset.pane === name));
}
if (panes.querySelector("[data-pane]")) show("phone");
else show("work");
panes.addEventListener("click", (event) => {
  const button = event.target.closest("[data-pane]");
  if (button) show(button.dataset.pane);
});
// On a narrow screen the words make room once they were read.
const asked = document.querySelector(".walk-asked");
if (asked && matchMedia("(max-width: 900px)").matches) asked.open = false;
