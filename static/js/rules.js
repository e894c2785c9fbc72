// The year as one stop of the Tab key: arrows move by days and weeks, Enter shows the day.
const year = document.querySelector("[data-year]");
if (year) {
  const days = [...year.querySelectorAll("a.day")];
  const start = Math.max(0, days.findIndex((day) => day.matches("[aria-current], .today")));
  days.forEach((day, place) => { day.tabIndex = place === start ? 0 : -1; });
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  year.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    const from = days.indexOf(document.activeElement);
    if (!step || from < 0) return;
    event.preventDefault();
    const next = days[Math.min(days.length - 1, Math.max(0, from + step))];
    days[from].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  year.addEventListener("click", (event) => {
    const day = event.target.closest("a.day");
    if (!day) return;
    for (const each of days) each.removeAttribute("aria-current");
    day.setAttribute("aria-current", "date");
  });
}
