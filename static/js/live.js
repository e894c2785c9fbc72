// News from the server become DOM events on <body>: "trato:message.received" with {name, subject, id} in detail.
// A part of a page asks for itself: hx-trigger="trato:message.received from:body, trato:refresh from:body".
// "trato:refresh" comes after a gap, when the tab is looked at again, and every minute.
// One stream serves all tabs of an organisation: the tab that holds the lock hears it and tells the others.

const SAFETY_MS = 60_000;
let wait = 3000;

function tell(news) {
  document.body.dispatchEvent(new CustomEvent(`trato:${news.name}`, { detail: news, bubbles: true }));
  if (news.name !== "refresh") {
    document.body.dispatchEvent(new CustomEvent("trato:news", { detail: news, bubbles: true }));
  }
}

function state(name) {
  document.documentElement.dataset.stream = name;
}

export function listen(url) {
  const others = "BroadcastChannel" in window ? new BroadcastChannel(`trato ${url}`) : null;
  others?.addEventListener("message", (event) => tell(event.data));
  const spread = (news) => {
    tell(news);
    others?.postMessage(news);
  };
  const hear = () => new Promise(() => open(url, spread));
  if (navigator.locks) navigator.locks.request(`trato ${url}`, hear);
  else hear();
  setInterval(() => {
    if (document.visibilityState === "visible") tell({ name: "refresh" });
  }, SAFETY_MS);
  let hidden = 0;
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") hidden = Date.now();
    else if (hidden && Date.now() - hidden > SAFETY_MS) tell({ name: "refresh" });
  });
}

function open(url, spread, again = false) {
  let gap = again;
  const source = new EventSource(url);
  source.addEventListener("open", () => {
    state("open");
    wait = 3000;
    if (gap) spread({ name: "refresh" });
    gap = false;
  });
  source.addEventListener("message", (event) => {
    spread({ ...JSON.parse(event.data), number: Number(event.lastEventId) });
  });
  source.addEventListener("error", () => {
    gap = true;
    state("away");
    if (source.readyState === EventSource.CLOSED) {
      // Refused for now (too many tabs, the session has ended): ask again, ever less often.
      setTimeout(() => open(url, spread, true), wait);
      wait = Math.min(wait * 2, SAFETY_MS);
    }
  });
}
