// The keyboard. An element says its own key and is clicked, or focused when it takes text:
//   <a data-key="g i" href="..." data-key-label="Go to inbox">        letters one after the other
//   <button data-key="c">                                             a letter, when no field has the focus
//   <button data-key="mod+Enter">                                     a chord, also inside fields (Ctrl, or Cmd on a Mac)
//   <button data-key="m" data-chord="mod+m">                          a letter, and the chord that does it inside fields
//   <button data-key="shift+e">                                       a capital letter
// data-key-label (or the element's own words) stands on the sheet that ? shows; data-key-group heads its column there.
// <ul data-list-keys="[data-row]"> lets J and K move the focus through the rows.
import { typing } from "./page.js";

const mac = /Mac|iPhone|iPad/.test(navigator.platform);
let before = "";
let forget = 0;

function visible(element) {
  return element.getClientRects().length > 0 && !element.closest("[inert]");
}

function place() {
  return document.querySelector("dialog[open]") ?? document;
}

function named(key, attribute = "data-key") {
  return [...place().querySelectorAll(`[${attribute}="${CSS.escape(key)}"]`)].find((each) => visible(each) && !each.disabled);
}

function use(element) {
  if (element.matches("input:not([type=checkbox]):not([type=radio]):not([type=submit]), textarea, select")) {
    element.focus();
    element.select?.();
  } else if (element.matches("[data-key-focus]")) {
    element.focus();
  } else {
    element.click();
  }
}

function move(step) {
  const list = place().querySelector("[data-list-keys]");
  if (!list) return false;
  const rows = [...list.querySelectorAll(list.dataset.listKeys)].filter(visible);
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const current = at >= 0 ? at : rows.findIndex((row) => row.matches("[aria-current], .current"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, current < 0 ? 0 : current + step))];
  (next.matches("a, button, [tabindex]") ? next : next.querySelector("a, button"))?.focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const chord = event.ctrlKey || event.metaKey;
  if (chord || (event.key.length > 1 && event.altKey)) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const chorded = `mod+${event.shiftKey ? "shift+" : ""}${key}`;
    const element = named(chorded) ?? named(chorded, "data-chord");
    if (element) {
      event.preventDefault();
      use(element);
    }
    return;
  }
  if (event.altKey || typing(event.target)) return;
  if (event.key === "?") {
    event.preventDefault();
    sheet();
    return;
  }
  if (event.key.length > 1 && event.key !== "Escape" && !event.key.startsWith("Arrow")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const pair = before ? named(`${before} ${key}`) : null;
  // A capital may mean something of its own: <button data-key="shift+e">.
  const capital = event.shiftKey && event.key.length === 1 ? named(`shift+${key}`) : null;
  const element = pair ?? capital ?? named(key);
  clearTimeout(forget);
  before = key;
  forget = setTimeout(() => { before = ""; }, 900);
  if (element) {
    event.preventDefault();
    before = "";
    use(element);
  } else if ((key === "j" || key === "k") && move(key === "j" ? 1 : -1)) {
    event.preventDefault();
  }
});

function caps(key) {
  return key.split(/[ +]/).map((part) => {
    const cap = document.createElement("kbd");
    cap.textContent = part === "mod" ? (mac ? "⌘" : "Ctrl") : part === "shift" ? "⇧" : part.length === 1 ? part.toUpperCase() : part;
    return cap;
  });
}

export function sheet() {
  const dialog = document.getElementById("keys");
  if (!dialog || dialog.open) return dialog?.close();
  const groups = new Map();
  const chords = new Map();
  for (const element of document.querySelectorAll("[data-key]")) {
    if (!visible(element)) continue;
    const words = element.dataset.keyLabel ?? element.getAttribute("aria-label") ?? element.textContent;
    const head = element.dataset.keyGroup ?? dialog.dataset.here;
    if (!groups.has(head)) groups.set(head, new Map());
    const said = words.replace(/\s+/g, " ").trim();
    // Where a letter does something at once, no pair can begin with it.
    if (element.dataset.key.includes(" ") && named(element.dataset.key.split(" ")[0])) continue;
    groups.get(head).set(element.dataset.key, said);
    if (element.dataset.chord) chords.set(`${head} ${element.dataset.key}`, element.dataset.chord);
  }
  for (const [head, keys] of groups) if (!keys.size) groups.delete(head);
  if (document.querySelector("[data-list-keys]")) {
    if (!groups.has(dialog.dataset.here)) groups.set(dialog.dataset.here, new Map());
    groups.get(dialog.dataset.here).set("j", dialog.dataset.next).set("k", dialog.dataset.previous);
  }
  const body = dialog.querySelector("[data-sheet]");
  body.replaceChildren();
  for (const [head, keys] of groups) {
    const section = document.createElement("section");
    const title = document.createElement("h3");
    title.textContent = head;
    const list = document.createElement("dl");
    for (const [key, words] of keys) {
      const term = document.createElement("dt");
      term.append(...caps(key));
      const chord = chords.get(`${head} ${key}`);
      if (chord) {
        const inside = document.createElement("span");
        inside.className = "sheet-chord";
        inside.append(...caps(chord));
        term.append(inside);
      }
      const meaning = document.createElement("dd");
      meaning.textContent = words;
      list.append(term, meaning);
    }
    section.append(title, list);
    body.append(section);
  }
  dialog.showModal();
  return dialog;
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-sheet-open]")) sheet();
});
