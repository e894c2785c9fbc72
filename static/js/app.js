// What every page runs: menus, theme and language, toasts, the organisation's clock, fresh tokens.
import { toast, token } from "./page.js";
import "./forms.js";
import "./keys.js";
import { listen } from "./live.js";

const root = document.documentElement;
// The theme changes at once; the form still works where scripts do not.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-theme-form]")) return;
  event.preventDefault();
  const chosen = event.submitter?.value ?? "";
  root.dataset.theme = chosen;
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === chosen));
  fetch(form.action, {
    method: "POST",
    headers: { "X-CSRFToken": token(), Accept: "application/json" },
    keepalive: true, // whoever clicks on at once has still chosen
    body: new URLSearchParams({ theme: chosen }),
  }).catch(() => {});
});

// Menus are <details class="menu">: they close on Escape, on a click elsewhere and when another opens.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  }
}, true);

// Confirmations: <button data-dialog="#id"> opens a <dialog>; a button with value "close" or data-close shuts it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog]");
  if (opener) {
    const dialog = document.querySelector(opener.dataset.dialog);
    if (dialog?.showModal) {
      event.preventDefault();
      dialog.showModal();
    }
  }
  const closer = event.target.closest?.("[data-close]");
  if (closer) closer.closest("dialog, .toast-note, #notice > *")?.[closer.closest("dialog") ? "close" : "remove"]();
});

// The organisation's clock runs on from what the server said, unless it stands still; it may be replaced at any time.
const heard = new WeakMap();
const narrow = matchMedia("(max-width: 768px)");
function tick() {
  const clock = document.querySelector("[data-clock]");
  if (!clock) return;
  if (!heard.has(clock)) heard.set(clock, { began: Date.parse(clock.dateTime), loaded: performance.now() });
  const { began, loaded } = heard.get(clock);
  const hour = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: clock.dataset.zone };
  const day = narrow.matches ? {} : { weekday: "short", day: "numeric", month: "short" };
  const at = clock.dataset.frozen ? began : began + (performance.now() - loaded);
  clock.textContent = new Intl.DateTimeFormat(root.lang, { ...day, ...hour }).format(at);
  clock.dateTime = new Date(at).toISOString();
}
tick();
narrow.addEventListener("change", tick);
document.addEventListener("htmx:afterSettle", tick);
setInterval(tick, 5000);

// htmx sends the newest token: a login in another tab must not cost what was typed here.
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = token();
});
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status >= 500) toast(root.dataset.failed, "danger");
});
document.addEventListener("htmx:sendError", () => toast(root.dataset.offline, "danger"));
// HX-Trigger: {"toast": {"text": "...", "tone": "success"}}
document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.tone));
for (const note of document.querySelectorAll("#toasts > [data-fades]")) setTimeout(() => note.remove(), 6000);

// What scrolls and holds nothing that can have the focus takes it itself, so that the arrow keys scroll it.
const SCROLLERS = ".table-scroll, .truth-line, .rv-messages, .board-scroll, .checks, pre";
const FOCUSABLE = "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex]";
function reachable() {
  for (const each of document.querySelectorAll(SCROLLERS)) {
    if (each.dataset.reached === undefined && each.hasAttribute("tabindex")) continue;
    const over = each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1;
    each.toggleAttribute("data-reached", over && !each.querySelector(FOCUSABLE));
    if (each.dataset.reached === undefined) each.removeAttribute("tabindex");
    else each.tabIndex = 0;
  }
}
reachable();
// On a telephone the entry of this very page may stand beyond the edge of its bar.
for (const each of document.querySelectorAll(".rail [aria-current], .tabs [aria-current]")) {
  const bar = each.closest("ul, .tabs");
  bar.scrollLeft = each.offsetLeft - (bar.clientWidth - each.offsetWidth) / 2;
}
addEventListener("resize", reachable);
document.addEventListener("htmx:afterSettle", reachable);

const stream = document.body.dataset.live;
if (stream) listen(stream);
