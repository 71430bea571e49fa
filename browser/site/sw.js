/* Keeps the page for use without a network: files come from the cache, and the cache from one visit. */

const CACHE = "fer-VERSION";

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES.map(anew)))
      .then(() => self.skipWaiting()),
  );
});

/* Asks the server, whatever the browser kept: else an old file may get into the cache of a new version. */
function anew(file) {
  return new Request(file, { cache: "no-cache" });
}

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((n) => n !== CACHE).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(kept(event.request));
});

/* What is not among the files of the first visit, such as another model, is kept once it was asked for. */
async function kept(request) {
  const cache = await caches.open(CACHE);
  const hit = await cache.match(request, { ignoreSearch: true });
  if (hit) return hit;
  const response = await fetch(request);
  if (response.ok && new URL(request.url).origin === location.origin) {
    await cache.put(request, response.clone());
  }
  return response;
}
