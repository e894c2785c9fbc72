// Small things that other modules share.

export function token() {
  const found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return found ? decodeURIComponent(found[1]) : (document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "");
}

// Whether what has the focus takes text, so that letters belong to it.
export function typing(target) {
  if (!target?.closest) return false;
  return Boolean(target.closest("textarea, select, [contenteditable=''], [contenteditable=true]")) ||
    (target.matches("input") && !["checkbox", "radio", "button", "submit", "range", "file"].includes(target.type));
}

export function toast(text, tone = "info") {
  if (!text) return;
  const note = document.createElement("div");
  note.className = `toast-note ${tone}`;
  const words = document.createElement("p");
  words.textContent = text;
  note.append(words);
  document.getElementById("toasts")?.append(note);
  setTimeout(() => note.remove(), 6000);
}
