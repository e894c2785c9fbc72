// Forms: none is sent twice, none is left with unsaved words, none fails for a token that a login has replaced.
//   <form data-unsaved>           asks before the page is left while something typed was not sent
//   <form data-many>              may be sent again at once (searches)
//   <textarea data-grow>          grows with its words
//   <input data-submit-on-change> sends its form when it changes
import { token } from "./page.js";

const sent = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
  const hidden = form.querySelector("input[name=csrfmiddlewaretoken]");
  if (hidden && token()) hidden.value = token();
  if (form.method === "dialog" || form.hasAttribute("data-many") || form.matches("[hx-post], [hx-get], [hx-put], [hx-delete]")) {
    return;
  }
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  form.removeAttribute("data-changed");
  form.setAttribute("aria-busy", "true");
});

// Back from the next page by the browser's own memory: what was sent may be sent again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) {
    sent.delete(form);
    form.removeAttribute("aria-busy");
  }
});

// An htmx form waits for its answer.
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.target.closest?.("form");
  if (!form || event.target !== form || form.method !== "post") return;
  if (form.getAttribute("aria-busy") === "true") event.preventDefault();
  else form.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  if (!form || event.target !== form) return;
  form.removeAttribute("aria-busy");
  if (event.detail.successful) form.removeAttribute("data-changed");
});

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-unsaved]");
  if (form) form.setAttribute("data-changed", "");
  if (event.target.matches?.("textarea[data-grow]")) grow(event.target);
});
addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-unsaved][data-changed]")) event.preventDefault();
});

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-submit-on-change]")) event.target.form?.requestSubmit();
});

function grow(area) {
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight + 2, 320)}px`;
}
