"use strict";
const WORDS = {
  es: { phones: "Teléfonos del sandbox", choose: "Elija un teléfono para ver lo que ve su dueño: puede responder, tocar botones, mandar una foto y pagar.", search: "Buscar nombre o número", nobody: "Todavía no hay conversaciones.", back: "Todos los teléfonos", write: "Escriba un mensaje", send: "Enviar", photo: "Enviar una foto", sample: "Enviar un comprobante de ejemplo", close: "Cerrar", pay: "Pagar", payNow: "Pagar ahora", page: "Ver la página de pago", bank: "Su banco (simulado)", code: "Código", noMoney: "Es una simulación: no se mueve dinero.", options: "Ver opciones", sent: "Pago enviado", picture: "Foto", reference: "Referencia", copy: "Copiar código", copied: "Código copiado", byHand: "para usted", owner: "Está viendo el teléfono de {name}", now: "Hora del sandbox: {at}", lost: "No hay conexión con el sandbox; se vuelve a intentar.", status: { paid: "Este pago ya fue recibido.", expired: "Este código ya venció.", cancelled: "Este código ya no sirve." } },
  pt: { phones: "Telefones do sandbox", choose: "Escolha um telefone para ver o que o dono vê: dá para responder, tocar nos botões, mandar uma foto e pagar.", search: "Buscar nome ou número", nobody: "Ainda não há conversas.", back: "Todos os telefones", write: "Digite uma mensagem", send: "Enviar", photo: "Enviar uma foto", sample: "Enviar um comprovante de exemplo", close: "Fechar", pay: "Pagar", payNow: "Pagar agora", page: "Ver a página de pagamento", bank: "Seu banco (simulado)", code: "Código", noMoney: "É uma simulação: nenhum dinheiro é movimentado.", options: "Ver opções", sent: "Pagamento enviado", picture: "Foto", reference: "Referência", copy: "Copiar código", copied: "Código copiado", byHand: "para você", owner: "Você está vendo o telefone de {name}", now: "Hora do sandbox: {at}", lost: "Sem conexão com o sandbox; tentando de novo.", status: { paid: "Este pagamento já foi recebido.", expired: "Este código venceu.", cancelled: "Este código não vale mais." } },
  en: { phones: "Sandbox phones", choose: "Choose a phone to see what its owner sees: you can answer, tap buttons, send a photo and pay.", search: "Search name or number", nobody: "There are no conversations yet.", back: "All phones", write: "Type a message", send: "Send", photo: "Send a photo", sample: "Send a sample receipt", close: "Close", pay: "Pay", payNow: "Pay now", page: "See the payment page", bank: "Your bank (simulated)", code: "Code", noMoney: "This is a simulation: no money moves.", options: "See options", sent: "Payment sent", picture: "Photo", reference: "Reference", copy: "Copy code", copied: "Code copied", byHand: "yours to play", owner: "You are looking at the phone of {name}", now: "Sandbox time: {at}", lost: "No connection to the sandbox; trying again.", status: { paid: "This payment has been received.", expired: "This code has expired.", cancelled: "This code no longer works." } },
};
const LOCALES = { es: "es-MX", pt: "pt-BR", en: "en-GB" };
const store = { get: (name) => { try { return localStorage.getItem(name); } catch { return null; } }, set: (name, value) => { try { localStorage.setItem(name, value); } catch { /* private window */ } } };
const query = new URLSearchParams(location.search);
const asked = query.get("lang");
// Beside the product's page: no list of phones, no way back, and as light or dark as that page.
const docked = query.has("docked");
if (["light", "dark"].includes(query.get("theme"))) document.documentElement.dataset.theme = query.get("theme");
document.documentElement.classList.toggle("docked", docked);
let language = [asked, store.get("lang"), navigator.language.slice(0, 2), "es"].find((l) => WORDS[l]);
const $ = (selector) => document.querySelector(selector);
const say = (name, places = {}) => WORDS[language][name].replace(/\{(\w+)\}/g, (_, place) => places[place]);
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) name.startsWith("on") ? node.addEventListener(name.slice(2), value) : node.setAttribute(name, value);
  node.append(...children.filter((c) => c !== null && c !== ""));
  return node;
}
function icon(name) {
  const svg = $("#icon").content.firstElementChild.cloneNode(true);
  svg.firstElementChild.setAttribute("href", "#i-" + name);
  return svg;
}
function translate() {
  document.documentElement.lang = language;
  document.querySelectorAll("[data-text]").forEach((n) => { n.textContent = say(n.dataset.text); });
  document.querySelectorAll("[data-label]").forEach((n) => { n.setAttribute("aria-label", say(n.dataset.label)); n.placeholder = say(n.dataset.label); });
  document.querySelectorAll("[data-title]").forEach((n) => { n.title = say(n.dataset.title); n.setAttribute("aria-label", say(n.dataset.title)); });
  $(".languages").replaceChildren(...Object.keys(WORDS).map((l) => make("button", { type: "button", "aria-pressed": String(l === language), onclick: () => { language = l; store.set("lang", l); seen.chat = seen.list = ""; translate(); refresh(); } }, l.toUpperCase())));
}
const when = (at, zone, style) => new Date(at).toLocaleString(LOCALES[language], { timeZone: zone, ...style });
const hour = (at, zone) => when(at, zone, { hour: "2-digit", minute: "2-digit", hour12: false });
const day = (at, zone) => when(at, zone, { weekday: "long", day: "numeric", month: "long" });
const initials = (name) => name.split(/\s+/).filter((w) => /^\p{Lu}/u.test(w)).slice(0, 2).map((w) => w[0]).join("") || "#";
const hue = (text) => [...text].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 360, 7);
async function call(path, body) {
  const response = await fetch(path, body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {});
  const value = await response.json();
  if (!response.ok) throw new Error(value.error || response.statusText);
  return value;
}
let fading = 0;
function trouble(text, good, stays = 4000) {
  const bar = $("#trouble");
  bar.textContent = text || "";
  bar.hidden = !text;
  bar.classList.toggle("good", Boolean(good));
  clearTimeout(fading);
  if (text && good) fading = setTimeout(() => trouble(""), stays);
}

const person = (location.pathname.match(/\/_sandbox\/phone\/(.+)$/) || [])[1];
const base = location.pathname;
const seen = { chat: "", list: "" };
let current = null, toEnd = true;
document.body.classList.toggle("nobody", !person);

// -- the list ---------------------------------------------------------------------------------------------------------

async function refreshList() {
  if (!$(".side").offsetParent) return;
  const { phones, now } = await call("/_sandbox/phones.json");
  const wanted = $("#search").value.toLowerCase();
  const digits = wanted.replace(/\D/g, "");
  const rows = phones.filter((p) => p.name.toLowerCase().includes(wanted) || (digits && p.phone.includes(digits)));
  const zone = rows.length ? rows[0].zone : "UTC";
  $("#clock").textContent = say("now", { at: when(now, person ? zoneOf(phones, person) : zone, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false }) });
  const key = JSON.stringify(rows);
  if (key === seen.list) return;
  seen.list = key;
  $("#none").hidden = rows.length > 0;
  $("#phones").replaceChildren(...rows.map((p) => {
    const face = make("span", { class: "face" }, initials(p.name));
    face.style.setProperty("--hue", hue(p.name));
    const last = make("p", {}, p.mine ? icon("ticks") : "", make("span", {}, p.last || (p.type ? say("picture") : "\u00a0")));
    const top = make("div", { class: "top" }, make("b", {}, p.name), p.persona === "manual" ? make("span", { class: "chip" }, say("byHand")) : "", p.at ? make("time", {}, hour(p.at, p.zone)) : "");
    const link = make("a", { href: "/_sandbox/phone/" + p.phone, "aria-current": String(p.phone === decodeURIComponent(person || "")) }, face, make("div", { class: "row" }, top, make("div", { class: "num" }, p.display + (p.business ? " · " + p.business : "")), last));
    return make("li", {}, link);
  }));
}
const zoneOf = (phones, phone) => (phones.find((p) => p.phone === decodeURIComponent(phone)) || { zone: "UTC" }).zone;
$("#search").addEventListener("input", () => { seen.list = ""; refreshList(); });

// -- the phone --------------------------------------------------------------------------------------------------------

async function act(path, body) {
  try { await call(base + path, { phone_number_id: current, ...body }); trouble(""); toEnd = true; await refresh(); } catch (error) { trouble(error.message); }
}
function openList(item) {
  const dialog = $("#list");
  dialog.querySelector("h2").textContent = item.list_title || say("options");
  dialog.querySelector(".rows").replaceChildren(...item.options.map((o) => make("button", { type: "button", "data-id": o.id, onclick: () => { dialog.close(); act("/tap", { message_id: item.id, id: o.id }); } }, o.title, o.description ? make("small", {}, o.description) : "")));
  dialog.showModal();
}
const tokenOf = (url) => (url.match(/\/p\/([A-Za-z0-9_.~-]+)/) || [])[1];
function money(bill) {
  const locale = { BRL: "pt-BR", MXN: "es-MX", COP: "es-CO", CLP: "es-CL", ARS: "es-AR", PEN: "es-PE" }[bill.currency] || LOCALES[language];
  try { return Number(bill.amount).toLocaleString(locale, { style: "currency", currency: bill.currency }); } catch { return `${bill.amount} ${bill.currency}`; }
}
const RAILS = { pix: "Pix", clabe: "SPEI · CLABE", bre_b: "Bre-B", cbu: "CBU", cci: "CCI", alias: "Alias" };
async function openBill(url) {
  const token = tokenOf(url);
  if (!token) { window.open(url, "_blank", "noopener"); return; }
  const dialog = $("#bill");
  let bill;
  try { bill = await call(`${base}/bill?token=${encodeURIComponent(token)}`); } catch (error) { trouble(error.message); return; }
  const shut = WORDS[language].status[bill.status] || "";
  dialog.querySelector("h2").textContent = $("#business").textContent;
  dialog.querySelector(".amount").textContent = money(bill);
  dialog.querySelector(".reference").textContent = `${say("reference")}: ${bill.reference}`;
  dialog.querySelector(".state").textContent = shut;
  dialog.querySelector(".primary").hidden = Boolean(shut);
  const code = bill.code || "";
  dialog.querySelector(".bank-code").hidden = !code || Boolean(shut);
  dialog.querySelector(".bank-code span").textContent = RAILS[bill.kind] || say("code");
  dialog.querySelector(".bank-code code").textContent = code;
  dialog.querySelector(".bank-code button").onclick = () => copy(code);
  dialog.querySelector("a").href = url;
  dialog.returnValue = "";
  dialog.onclose = async () => {
    if (dialog.returnValue !== "pay") return;
    try { const done = await call(base + "/pay", { token }); trouble(`${say("sent")}: ${money(done.paid)}`, true, 8000); } catch (error) { trouble(error.message); }
  };
  dialog.showModal();
}
function zoom(source) {
  const dialog = $("#zoom");
  dialog.querySelector("img").src = source;
  dialog.showModal();
}
// *bold*, _italic_ and links, as chats write them.
function words(text) {
  const box = make("div", { class: "words" });
  for (const part of text.split(/(https?:\/\/[^\s<>"]+|\*[^*\n]+\*|(?<![\p{L}\d])_[^_\n]+_(?![\p{L}\d]))/u)) {
    if (/^https?:/.test(part)) box.append(make("a", { href: part, onclick: (event) => { if (tokenOf(part)) { event.preventDefault(); openBill(part); } }, target: "_blank", rel: "noopener" }, part));
    else if (/^\*[^*]+\*$/.test(part)) box.append(make("strong", {}, part.slice(1, -1)));
    else if (/^_[^_]+_$/.test(part)) box.append(make("em", {}, part.slice(1, -1)));
    else box.append(part);
  }
  return box;
}
const isCode = (item) => item.from === "business" && /^(?:\d{18}|0002\S.{40,}6304[0-9A-F]{4})$/.test(item.body || "");
async function copy(text) {
  try { await navigator.clipboard.writeText(text); trouble(say("copied"), true); } catch { trouble(text, true); }
}
function picture(id, name) {
  const source = `${base}/media/${id}`;
  return make("img", { src: source, alt: name || say("picture"), onclick: () => zoom(source) });
}
function bubble(item, before, zone) {
  if (item.reaction) return make("div", { class: "day reaction" }, item.reaction.emoji || "");
  const menu = make("div", { class: "options" });
  for (const link of item.links || []) if (link.title || !(item.body || "").includes(link.url)) menu.append(make("button", { type: "button", onclick: () => openBill(link.url) }, icon("link"), link.title || say("pay")));
  if (item.list_title) menu.append(make("button", { type: "button", class: "list", onclick: () => openList(item) }, icon("list"), item.list_title));
  else for (const o of item.options || []) menu.append(make("button", { type: "button", "data-id": o.id, onclick: () => act("/tap", { message_id: item.id, id: o.id }) }, icon("reply"), o.title));
  if (isCode(item)) menu.append(make("button", { type: "button", onclick: () => copy(item.body) }, icon("copy"), say("copy")));
  const node = make("article", { class: ["bubble", item.from, before && before.from === item.from ? "next" : "", menu.childElementCount ? "menu" : "", isCode(item) ? "code" : ""].join(" ") });
  if (item.picture) node.append(picture(item.picture));
  if (item.media && item.media.id) node.append(picture(item.media.id, item.media.filename));
  if (item.header) node.append(make("h3", {}, item.header));
  if (item.body) node.append(words(item.body));
  if (item.footer) node.append(make("p", { class: "footer" }, item.footer));
  node.append(make("p", { class: "stamp" }, hour(item.at, zone), item.from === "person" ? icon(item.delivered ? "ticks" : "tick") : ""));
  if (menu.childElementCount) node.append(menu);
  return node;
}
async function refreshChat() {
  const value = await call(base + "/chats");
  current = value.chats.some((c) => c.phone_number_id === current) ? current : (value.chats[0] || {}).phone_number_id;
  const key = JSON.stringify([current, value.chats]);
  if (key === seen.chat) return;
  seen.chat = key;
  const chat = value.chats.find((c) => c.phone_number_id === current) || { items: [], name: "", display: "" };
  document.title = `${value.name} · ${chat.name}`;
  $("#business").textContent = chat.name;
  $("#face").textContent = initials(chat.name);
  $("#number").textContent = chat.display;
  $("#me").textContent = `${say("owner", { name: value.name })} (${value.display})`;
  $("#tabs").replaceChildren(...(value.chats.length > 1 ? value.chats.map((c) => make("button", { type: "button", "aria-current": String(c.phone_number_id === current), onclick: () => { current = c.phone_number_id; seen.chat = ""; refresh(); } }, c.name)) : []));
  const nodes = [];
  let shownDay = "", before = null;
  for (const item of chat.items) {
    const today = day(item.at, value.zone);
    if (today !== shownDay) { shownDay = today; before = null; nodes.push(make("div", { class: "day" }, today)); }
    nodes.push(bubble(item, before, value.zone));
    before = item;
  }
  const box = $("#chat");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  box.replaceChildren(...nodes);
  if (toEnd || atEnd) box.scrollTop = box.scrollHeight;
  toEnd = false;
}
async function refresh() {
  await Promise.all([person ? refreshChat() : null, refreshList()]);
}
$("#composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("#text").value.trim();
  if (text) { $("#text").value = ""; act("/say", { text }); }
});
$("#sample").addEventListener("click", () => act("/photo", {}));
$("#file").addEventListener("change", () => {
  const file = $("#file").files[0];
  if (!file) return;
  const reader = new FileReader();
  reader.onload = () => act("/photo", { mime_type: file.type, data: reader.result.split(",")[1] });
  reader.readAsDataURL(file);
  $("#file").value = "";
});
translate();
let lost = false;
(async function loop() {
  try { await refresh(); if (lost) { lost = false; trouble(""); } } catch { lost = true; trouble(say("lost")); }
  setTimeout(loop, document.hidden ? 5000 : docked ? 600 : 1000);
})();
