// The inbox: switching conversations, the thread that keeps its place, the composer that checks before it sends.
// The server decides everything; here only that nothing typed is lost, nothing is sent twice, and nobody waits.
import { toast, token, typing } from "./page.js";

const inbox = document.getElementById("inbox");
const work = document.getElementById("work");
const $ = (selector, where = document) => where.querySelector(selector);
const FRESH_MS = 20_000;
const AHEAD = 3;

let urls = {};
let conversation = "";
// Copied style attributes would be inline styles, which the page does not allow.
window.htmx.config.attributesToSettle = ["class"];

function talk() {
  return $(".talk", work);
}

function post(url, fields, more = {}) {
  return fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": token(), "HX-Request": "true", ...more.headers },
    body: fields instanceof FormData ? new URLSearchParams(fields) : new URLSearchParams(fields),
    keepalive: more.keepalive ?? false,
  });
}

function get(url, headers = {}) {
  return fetch(url, { headers: { "HX-Request": "true", ...headers } });
}

function put(target, html) {
  if (!target) return;
  target.innerHTML = html;
  window.htmx.process(target);
}

// The session has ended: the note says so, and what was typed stays where it is.
async function ended(answer) {
  if (answer.status !== 401 && answer.status !== 403) return false;
  put(document.getElementById("notice"), await answer.text());
  return true;
}

// --- switching ---------------------------------------------------------------------------------------------------

const kept = new Map(); // address -> {html, at}: the next conversations, fetched before they are asked for

let ahead = false;
async function fetchAhead() {
  if (ahead || document.visibilityState !== "visible") return;
  ahead = true;
  await fetchNext().finally(() => { ahead = false; });
}
async function fetchNext() {
  const links = [...document.querySelectorAll("#queue-list .row-link")];
  const at = links.findIndex((link) => link.dataset.open === conversation);
  for (const link of links.slice(at + 1, at + 1 + AHEAD)) {
    const url = link.getAttribute("hx-get");
    const known = kept.get(url);
    if (known && Date.now() - known.at < FRESH_MS) continue;
    try {
      const answer = await get(url, { Purpose: "prefetch" });
      if (answer.ok) kept.set(url, { html: await answer.text(), at: Date.now() });
    } catch {
      return;
    }
  }
  while (kept.size > 12) kept.delete(kept.keys().next().value);
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const link = event.target.closest?.(".row-link");
  if (!link) return;
  keepDraft(true);
  const known = kept.get(link.getAttribute("hx-get"));
  if (!known || Date.now() - known.at > FRESH_MS) return;
  event.preventDefault();
  kept.delete(link.getAttribute("hx-get"));
  put(work, known.html);
  history.pushState({}, "", link.getAttribute("hx-push-url"));
  opened();
  refreshThread();
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target === work) opened();
  if (event.target.id === "queue") marked();
  if (event.target.id === "talk-head" || event.target.closest?.("#talk-head")) marked();
});
addEventListener("popstate", () => location.reload());

function opened() {
  const here = talk();
  conversation = here?.dataset.conversation ?? "";
  urls = here ? JSON.parse(here.dataset.urls) : {};
  inbox.dataset.pane = conversation ? "thread" : "queue";
  inbox.removeAttribute("data-panel");
  marked();
  if (!here) return;
  const line = document.getElementById("unread");
  const scroller = document.getElementById("scroller");
  if (line) scroller.scrollTop = Math.max(0, line.offsetTop - 90);
  else toEnd();
  ends = atEnd();
  compose();
  if (here.dataset.reads) {
    post(urls.seen, {}).then(() => document.getElementById(`row-${conversation}`)?.classList.remove("unread"));
    beat();
  }
  setTimeout(fetchAhead, 900);
  watched.disconnect();
  watched.observe(scroller);
}

// The end stays in sight when the composer grows.
let ends = true;
const watched = new ResizeObserver(() => { if (ends) toEnd(); });

function marked() {
  for (const row of document.querySelectorAll("#queue-list .queue-row")) {
    const mine = row.id === `row-${conversation}`;
    row.classList.toggle("current", mine);
    const link = $(".row-link", row);
    if (mine) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  const current = $("#queue-q")?.form?.elements.current;
  if (current) current.value = conversation;
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-back]")) {
    event.preventDefault();
    keepDraft(true);
    inbox.dataset.pane = "queue";
    history.pushState({}, "", inbox.dataset.inbox);
    document.getElementById(`row-${conversation}`)?.querySelector("a")?.focus();
  }
  const toggle = event.target.closest?.("[data-panel-toggle]");
  if (toggle) {
    const open = inbox.dataset.panel !== "open";
    inbox.dataset.panel = open ? "open" : "";
    toggle.setAttribute("aria-expanded", String(open));
  }
  const opener = event.target.closest?.("[data-dialog='#close']");
  if (opener) {
    const follow = document.getElementById("close-follow");
    if (follow) follow.checked = opener.hasAttribute("data-follow");
  }
  if (inbox.dataset.panel === "open" && !event.target.closest?.("#panel, [data-panel-toggle], dialog")) inbox.dataset.panel = "";
});
// An answered dialog is gone with the head that held it; while it waits it shows so.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.closest?.("dialog")) event.target.closest("dialog").close();
});

// --- the thread --------------------------------------------------------------------------------------------------

function state() {
  return $("#recent [data-thread-state]");
}

function atEnd() {
  const scroller = document.getElementById("scroller");
  return !scroller || scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
}

function toEnd() {
  const scroller = document.getElementById("scroller");
  if (scroller) scroller.scrollTop = scroller.scrollHeight;
  const chip = document.getElementById("to-end");
  if (chip) chip.hidden = true;
}

function showThread(html) {
  const recent = document.getElementById("recent");
  const scroller = document.getElementById("scroller");
  if (!recent || !scroller) return;
  const end = atEnd();
  const bottom = scroller.scrollHeight - scroller.scrollTop;
  const open = [...recent.querySelectorAll(".fold:has(details[open])")].map((each) => each.id);
  const newest = state()?.dataset.newest;
  const line = document.getElementById("unread");
  const lineBefore = line?.nextElementSibling?.id;
  put(recent, html);
  for (const id of open) document.getElementById(id)?.querySelector("details")?.setAttribute("open", "");
  if (line && lineBefore && !document.getElementById("unread")) document.getElementById(lineBefore)?.before(line);
  for (const echo of document.querySelectorAll("#echoes > [data-done]")) echo.remove();
  const now = state()?.dataset.newest;
  const seen = $("#composer")?.elements.seen;
  if (seen && now) seen.value = now;
  if (end) toEnd();
  else {
    scroller.scrollTop = scroller.scrollHeight - bottom;
    if (now !== newest) document.getElementById("to-end").hidden = false;
  }
  if (now !== newest && document.visibilityState === "visible" && talk()?.dataset.reads) post(urls.seen, {});
}

let asking = false;
let askAgain = false;
async function refreshThread() {
  if (!conversation) return;
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  const about = conversation;
  try {
    const known = state()?.dataset ?? {};
    const query = new URLSearchParams({ v: known.version ?? "", since: known.first ?? "" });
    const answer = await get(`${urls.thread}?${query}`);
    if (answer.status === 200 && about === conversation) {
      showThread(await answer.text());
      standingSoon();
    }
  } catch {
    // The next event or minute asks again.
  } finally {
    asking = false;
    if (askAgain) {
      askAgain = false;
      refreshThread();
    }
  }
}

// Who it is, what they owe, what may be written: asked for together, shown where it differs.
async function refreshStanding() {
  if (!conversation) return;
  const about = conversation;
  const answer = await get(urls.standing).catch(() => null);
  if (!answer?.ok) return;
  const holder = document.createElement("div");
  holder.innerHTML = await answer.text();
  if (about !== conversation) return;
  showHead($("#talk-head", holder));
  showComposing($("[data-composing]", holder));
}

function showHead(head) {
  const old = document.getElementById("talk-head");
  if (!head || !old || old.textContent.replace(/\s+/g, " ") === head.textContent.replace(/\s+/g, " ")) return;
  // A dialog of the head is being filled in: its closing asks again.
  if ($("dialog[open]", old) || $("[aria-busy=true]", old)) return;
  const key = old.contains(document.activeElement) ? document.activeElement.dataset.key : "";
  old.replaceWith(head);
  window.htmx.process(head);
  $("[data-panel-toggle]", head)?.setAttribute("aria-expanded", String(inbox.dataset.panel === "open"));
  if (key) $(`[data-key="${CSS.escape(key)}"]`, head)?.focus({ preventScroll: true });
}
document.addEventListener("close", (event) => {
  if (event.target.closest?.("#talk-head")) standingSoon();
}, true);

// The composer follows the window until somebody has chosen what they write.
let chosen = false;
function showComposing(composing) {
  const form = $("#composer");
  if (!form || !composing) return;
  const truth = $(".truth", composing).dataset;
  const offered = document.getElementById("offered");
  const fresh = $("[data-offered]", composing);
  if (fresh.textContent.replace(/\s+/g, " ") !== offered.textContent.replace(/\s+/g, " ")) {
    const taken = $("[name=template]:checked", offered)?.value;
    const focused = offered.contains(document.activeElement);
    put(offered, fresh.innerHTML);
    const again = taken && $(`[name=template][value="${CSS.escape(taken)}"]`, offered);
    if (again) again.checked = true;
    if (focused) (again || $("[name=template]", offered))?.focus();
  }
  $("[data-mode-to=reply]", form).disabled = !("writes" in truth);
  $("[data-mode-to=template]", form).disabled = !("templates" in truth);
  area().dataset.suggestion = truth.suggestion ?? "";
  put(document.getElementById("truth"), $(".truth", composing).outerHTML);
  const follows = !chosen && mode() !== "note" && truth.mode !== "note" && !(mode() === "reply" && area().value.trim());
  showMode(follows ? truth.mode : mode());
  suggest();
}

async function refreshPanel() {
  const panel = document.getElementById("panel");
  if (!panel || !conversation) return;
  const about = conversation;
  const answer = await get(urls.panel).catch(() => null);
  if (answer?.ok && about === conversation) put(panel, await answer.text());
}

async function refreshQueue() {
  const list = document.getElementById("queue-list");
  if (!list || document.getElementById("queue").contains(document.activeElement) && typing(document.activeElement)) return;
  if ($("details.views[open]")) return;
  const query = new URLSearchParams({ view: list.dataset.view, current: conversation, q: $("#queue-q")?.value ?? "" });
  const answer = await get(`${inbox.dataset.inbox}?${query}`).catch(() => null);
  if (!answer?.ok) return;
  const top = list.scrollTop;
  const focus = document.activeElement?.closest?.(".queue-row")?.id;
  put(document.getElementById("queue"), await answer.text());
  document.getElementById("queue-list").scrollTop = top;
  if (focus) document.getElementById(focus)?.querySelector("a")?.focus({ preventScroll: true });
  marked();
}

// Once for news that come together; news without end do not put it off for longer than `most`.
function later(work_, ms, most) {
  let timer = 0;
  let since = 0;
  return () => {
    clearTimeout(timer);
    since ||= performance.now();
    timer = setTimeout(() => {
      since = 0;
      work_();
    }, Math.max(0, Math.min(ms, since + most - performance.now())));
  };
}
const threadSoon = later(refreshThread, 120, 1000);
const queueSoon = later(refreshQueue, 700, 3000);
const panelSoon = later(refreshPanel, 500, 3000);
const standingSoon = later(refreshStanding, 400, 3000);
const TALK = /^(message\.|conversation\.|payment\.|promise\.|agreement\.|dispute\.)/;
const ACCOUNT = /^(payment|entry|promise|agreement|dispute|payable|consent|stop|identity|invoice|enrolment|debtor|contact_point|creditor)\./;
// What may be said, and when, hangs on these too.
const WIDE = /^(sending|number|account|template|rules|clock)\./;
const STATUS = /^message\.(accepted|sent|delivered|read)$/;

document.body.addEventListener("trato:news", (event) => {
  const { name, id } = event.detail;
  // Ticks of messages that are not on the screen change nothing here.
  if (STATUS.test(name)) {
    if (document.getElementById(`m-${id}`)) threadSoon();
    return;
  }
  if (TALK.test(name)) {
    kept.clear();
    threadSoon();
    queueSoon();
  }
  if (ACCOUNT.test(name)) {
    kept.clear();
    panelSoon();
  }
  if (ACCOUNT.test(name) || WIDE.test(name) || (/^conversation\./.test(name) && id === conversation)) standingSoon();
});
document.body.addEventListener("trato:refresh", () => {
  refreshThread();
  refreshQueue();
  refreshPanel();
  refreshStanding();
});
document.body.addEventListener("inbox:changed", () => {
  refreshThread();
  refreshQueue();
  refreshStanding();
});
document.body.addEventListener("debtor-changed", () => {
  refreshThread();
  refreshPanel();
  refreshStanding();
});

document.addEventListener("click", async (event) => {
  if (event.target.closest?.("#to-end")) toEnd();
  const older = event.target.closest?.("[data-older]");
  if (!older) return;
  event.preventDefault();
  const answer = await get(older.href);
  if (!answer.ok) return;
  const scroller = document.getElementById("scroller");
  const bottom = scroller.scrollHeight - scroller.scrollTop;
  older.closest("li").remove();
  const holder = document.createElement("ol");
  put(holder, await answer.text());
  document.getElementById("older").prepend(...holder.childNodes);
  scroller.scrollTop = scroller.scrollHeight - bottom;
});
document.addEventListener("scroll", (event) => {
  if (event.target.id !== "scroller") return;
  ends = atEnd();
  if (ends) document.getElementById("to-end").hidden = true;
}, true);

// --- cards of the debtor's account --------------------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("[data-card-open], #panel a[data-card]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const card = document.getElementById("card");
  const url = new URL(link.href);
  url.searchParams.set("conversation", conversation);
  const answer = await get(url);
  if (await ended(answer)) return;
  put(card, await answer.text());
  card.querySelector("[autofocus], input:not([type=hidden]), select, textarea, button:not([data-card-close])")?.focus();
  inbox.dataset.panel = "";
});
function closeCard() {
  const card = document.getElementById("card");
  if (!card?.innerHTML) return false;
  card.innerHTML = "";
  return true;
}
// --- the composer -------------------------------------------------------------------------------------------------

let origin = "";
let checked = { text: "", verdict: "ok", softer: "" };
const mode = () => $("#composer")?.dataset.mode ?? "";
const area = () => document.getElementById("text");

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) => (c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16));
}

function compose() {
  const form = $("#composer");
  if (!form) return;
  origin = form.elements.origin.value;
  checked = { text: "", verdict: "ok", softer: "" };
  chosen = false;
  const box = area();
  const own = sessionStorage.getItem(`draft ${conversation}`);
  // What a session that had ended could not keep comes first, and is kept now.
  if (own && box.value !== own) box.value = own;
  grow();
  suggest();
  showMode(mode());
  if (own) keepDraft();
  if (box.value.trim()) checkSoon();
}

function showMode(name) {
  const form = $("#composer");
  if (!form) return;
  form.dataset.mode = name;
  for (const button of form.querySelectorAll("[data-mode-to]")) {
    button.setAttribute("aria-pressed", String(button.dataset.modeTo === name));
  }
  const box = area();
  box.placeholder = name === "note" ? box.dataset.placeholderNote : box.dataset.placeholderReply;
  const truth = $(".truth", form)?.dataset ?? {};
  const verdict = name === "template" ? truth.templateVerdict : name === "reply" ? truth.replyVerdict : "allow";
  const send = document.getElementById("send");
  $("span", send).textContent = name === "note" ? send.dataset.note : verdict === "defer" ? send.dataset.wait : send.dataset.reply;
  send.toggleAttribute("disabled", verdict === "deny" && name === "template");
  for (const law of form.querySelectorAll(".law[data-for]")) law.hidden = law.dataset.for !== name;
  if (name === "template" && !form.querySelector("[name=template]:checked")) {
    const first = form.querySelector("[name=template]");
    if (first) first.checked = true;
  }
}

function choose(name) {
  chosen = true;
  showMode(name);
  document.getElementById("verdict").innerHTML = "";
  document.getElementById("backdrop").textContent = "";
  if (name === "template") $("#offered [name=template]:checked")?.focus();
  else {
    area().focus();
    area().setSelectionRange(area().value.length, area().value.length);
    if (name === "reply") checkSoon();
  }
}

document.addEventListener("click", (event) => {
  const to = event.target.closest?.("[data-mode-to]");
  if (to) choose(to.dataset.modeTo);
  const anyway = event.target.closest?.("[data-anyway]");
  if (anyway) {
    event.preventDefault();
    $("#composer").elements.anyway.value = anyway.dataset.anyway;
    send();
  }
  if (event.target.closest?.("[data-discard]")) {
    document.getElementById("collision").innerHTML = "";
    write("");
  }
  const reply = event.target.closest?.("#replies [role=option]");
  if (reply) take(reply);
});

function write(text) {
  const box = area();
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
  box.setSelectionRange(text.length, text.length);
}

function grow() {
  const box = area();
  box.style.height = "auto";
  box.style.height = `${Math.min(Math.max(box.scrollHeight, 46), 220)}px`;
  document.getElementById("backdrop").style.height = box.style.height;
}

function suggest() {
  const box = area();
  const slot = document.getElementById("suggestion");
  const words = box.dataset.suggestion ?? "";
  slot.hidden = !words || box.value !== "" || mode() !== "reply";
  $("span", slot).textContent = words;
}

let timer = 0;
let asked = 0;
function checkSoon() {
  clearTimeout(timer);
  timer = setTimeout(check, 220);
}
async function check() {
  const text = area()?.value ?? "";
  if (mode() !== "reply" || !conversation) return;
  if (!text.trim() || text.startsWith("/")) {
    checked = { text, verdict: "ok", softer: "" };
    document.getElementById("verdict").innerHTML = "";
    document.getElementById("backdrop").textContent = "";
    return;
  }
  const turn = ++asked;
  const about = conversation;
  const answer = await post(urls.check, { text }).catch(() => null);
  if (!answer || turn !== asked || about !== conversation || area().value !== text) return;
  if (await ended(answer)) return;
  const holder = document.createElement("div");
  holder.innerHTML = await answer.text();
  const result = $("[data-verdict]", holder);
  if (!result) return;
  checked = { text, verdict: result.dataset.verdict, softer: result.dataset.softer ?? "" };
  document.getElementById("backdrop").innerHTML = $("[data-overlay]", holder).innerHTML;
  document.getElementById("verdict").innerHTML = result.innerHTML.trim();
  document.getElementById("backdrop").scrollTop = area().scrollTop;
}

let draftTimer = 0;
let draftKept = "";
function keepDraft(now = false) {
  clearTimeout(draftTimer);
  if (!urls.draft || !area()) return;
  const text = area().value;
  const key = `${conversation} ${text}`;
  const place = `draft ${conversation}`;
  if (text) sessionStorage.setItem(place, text);
  else sessionStorage.removeItem(place);
  const keep = async () => {
    if (key === draftKept) return;
    draftKept = key;
    const saved = document.getElementById("saved");
    const answer = await post(urls.draft, { text, mode: mode() }, { keepalive: text.length < 8000 }).catch(() => null);
    if (answer?.status === 204) {
      if (saved && sessionStorage.getItem(place) === text) sessionStorage.removeItem(place);
      return;
    }
    // Not kept there: it stays here, and the next word or the page's end tries again.
    if (draftKept === key) draftKept = "";
    if (answer) await ended(answer);
  };
  if (now) keep();
  else draftTimer = setTimeout(keep, 600);
}
addEventListener("pagehide", () => keepDraft(true));

document.addEventListener("change", (event) => {
  if (event.target.closest?.("#offered")) chosen = true;
});
document.addEventListener("input", (event) => {
  if (event.target.id !== "text") return;
  grow();
  suggest();
  const size = document.getElementById("size");
  size.hidden = event.target.value.length < 3500;
  size.textContent = `${event.target.value.length} / ${event.target.maxLength}`;
  wroteAt = Date.now();
  keepDraft();
  const slash = mode() === "reply" && /^\/([\p{L}\d]*)$/u.exec(event.target.value);
  if (slash) offerReplies(slash[1]);
  else document.getElementById("replies").innerHTML = "";
  checkSoon();
});
document.addEventListener("scroll", (event) => {
  if (event.target.id === "text") document.getElementById("backdrop").scrollTop = event.target.scrollTop;
}, true);

async function offerReplies(query) {
  const answer = await get(`${urls.replies}?${new URLSearchParams({ q: query })}`).catch(() => null);
  if (answer?.ok && area().value === `/${query}`) put(document.getElementById("replies"), await answer.text());
}
function options() {
  return [...document.querySelectorAll("#replies [role=option]")];
}
function take(option) {
  document.getElementById("replies").innerHTML = "";
  write(option.dataset.text);
}

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "text" || event.isComposing) return;
  const shown = options();
  const at = shown.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (shown.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const next = shown[(at + (event.key === "ArrowDown" ? 1 : shown.length - 1)) % shown.length];
    shown.forEach((each) => each.setAttribute("aria-selected", String(each === next)));
    next.scrollIntoView({ block: "nearest" });
    return;
  }
  if (event.key === "Tab" && !event.shiftKey) {
    if (shown.length) {
      event.preventDefault();
      take(shown[Math.max(0, at)]);
    } else if (checked.softer && checked.text === area().value) {
      event.preventDefault();
      write(checked.softer);
    } else if (!area().value && !document.getElementById("suggestion").hidden) {
      event.preventDefault();
      write(area().dataset.suggestion);
    }
    return;
  }
  if (event.key === "Escape") {
    event.preventDefault();
    if (shown.length) document.getElementById("replies").innerHTML = "";
    else area().blur();
    return;
  }
  if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    if (shown.length && /^\//.test(area().value)) {
      take(shown[Math.max(0, at)]);
      return;
    }
    send({ next: event.ctrlKey || event.metaKey });
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) {
    if (closeCard()) {
      event.preventDefault();
      area()?.focus();
    } else if (inbox.dataset.panel === "open") inbox.dataset.panel = "";
  }
});
document.addEventListener("submit", (event) => {
  if (event.target.id !== "composer") return;
  event.preventDefault();
  send();
}, true);

// What was said is on the screen at once; it becomes real when the server has it. A form is sent once: until its
// answer is here the same words are not sent again, and the server knows its origin.
let busy = false;
async function send({ next = false } = {}) {
  const form = $("#composer");
  if (!form || busy) return;
  const now = mode();
  const text = area().value.trim();
  const template = now === "template" ? form.querySelector("[name=template]:checked") : null;
  if (now === "template" ? !template : !text) return;
  const about = conversation;
  const fields = {
    origin, since: state()?.dataset.first ?? "", seen: form.elements.seen.value, anyway: form.elements.anyway.value,
    ...(template ? { template: template.value } : { text }),
  };
  const shown = template ? $(".offer-text", template.closest("label")).innerText : text;
  const echo = echoed(shown, now);
  if (!template) {
    area().value = "";
    grow();
    document.getElementById("backdrop").textContent = "";
    document.getElementById("verdict").innerHTML = "";
  }
  document.getElementById("collision").innerHTML = "";
  const end = () => { echo.dataset.done = ""; echo.remove(); };
  const restore = () => {
    if (!template && about === conversation && !area().value) write(text);
  };
  busy = true;
  let answer = null;
  try {
    answer = await post(now === "note" ? urls.note : urls.send, fields);
  } catch {
    toast(document.documentElement.dataset.offline, "danger");
  }
  busy = false;
  if (about !== conversation) return;
  const outcome = answer?.headers.get("X-Outcome") ?? "";
  if (!answer || (!answer.ok && answer.status !== 422)) {
    end();
    restore();
    if (answer && !(await ended(answer))) toast(document.documentElement.dataset.failed, "danger");
    return;
  }
  const html = await answer.text();
  if (["sent", "waits", "again", "noted"].includes(outcome)) {
    renew(form);
    echo.dataset.done = "";
    showThread(html);
    toEnd();
    draftKept = "";
    sessionStorage.removeItem(`draft ${conversation}`);
    if (area().value) keepDraft(true);
    area().dataset.suggestion = "";
    suggest();
    refreshStanding();
    queueSoon();
    if (next) document.querySelector("[data-key='g']")?.click();
    return;
  }
  end();
  restore();
  if (outcome === "refused") {
    renew(form);
    showThread(html);
    toEnd();
    check();
  } else put(document.getElementById("collision"), html);
}

function renew(form) {
  origin = uuid();
  form.elements.origin.value = origin;
  form.elements.anyway.value = "";
}

function echoed(text, kind) {
  const item = document.createElement("li");
  item.className = kind === "note" ? "bubble note echo" : "bubble ours echo";
  const words = document.createElement("div");
  words.className = "words";
  words.dir = "auto";
  words.textContent = text;
  item.append(words);
  document.getElementById("echoes").append(item);
  toEnd();
  return item;
}

// --- who is here, and the clock of the window -------------------------------------------------------------------

let wroteAt = 0;
let beating = 0;
async function beat() {
  clearTimeout(beating);
  if (!conversation || !talk()?.dataset.reads) return;
  if (document.visibilityState === "visible") {
    const about = conversation;
    const writing = Date.now() - wroteAt < 6000 && area()?.value ? "1" : "";
    const answer = await post(urls.presence, writing ? { writing } : {}).catch(() => null);
    if (answer?.ok && about === conversation) put(document.getElementById("colleagues"), await answer.text());
  }
  beating = setTimeout(beat, Date.now() - wroteAt < 6000 ? 4000 : 10_000);
}

const loaded = performance.now();
const clock = $("[data-clock]");
const began = clock ? Date.parse(clock.dateTime) : Date.now();
setInterval(() => {
  const left = $("[data-until]");
  if (!left || clock?.dataset.frozen) return;
  const ms = Date.parse(left.dataset.until) - (began + performance.now() - loaded);
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  left.textContent = `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  if (ms <= 0) refreshStanding();
}, 15_000);

opened();
if (!conversation) setTimeout(fetchAhead, 600);
