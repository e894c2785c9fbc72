// The review: seconds left to undo run down, the words in question are in sight, and the title has the focus.
const work = () => document.getElementById("work");
let ticking = 0;

function begin() {
  clearInterval(ticking);
  const undo = work()?.querySelector("form[data-seconds]");
  if (undo) {
    const until = performance.now() + Number(undo.dataset.seconds) * 1000;
    ticking = setInterval(() => {
      const left = Math.ceil((until - performance.now()) / 1000);
      const shown = undo.querySelector("[data-left]");
      if (left <= 0 || !undo.isConnected) {
        clearInterval(ticking);
        undo.remove();
      } else if (shown) shown.textContent = String(left);
    }, 500);
  }
  if (!matchMedia("(min-width: 769px)").matches) return;
  document.getElementById("here")?.scrollIntoView({ block: "center" });
  work()?.querySelector(".rv-row.current")?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "work" && event.detail.target?.id !== "work") return;
  begin();
  if (!document.activeElement || document.activeElement === document.body) document.getElementById("alert-title")?.focus({ preventScroll: true });
});
document.addEventListener("htmx:historyRestore", begin);
begin();
