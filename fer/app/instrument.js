// The Video tab's player and timeline as one; `element` holds the HTML of instrument.py.
const find = (selector) => element.querySelector(selector);
const length = () => Number(find(".instrument").dataset.seconds);

const show = () => {
  const player = find(".player");
  if (!player) return;
  find(".timeline").style.setProperty("--at", Math.min(1, player.currentTime / length()));
  if (!player.paused) requestAnimationFrame(show);
};
for (const event of ["play", "timeupdate", "seeking"]) element.addEventListener(event, show, true);

const seek = (seconds) => {
  const player = find(".player");
  if (player) player.currentTime = seconds;
  show();
};

// Where the pointer is on a face's track, in seconds.
const under = (track, event) => {
  const { left, width } = track.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - left) / width)) * length();
};

let wanted = 0;
const picture = () => {
  const video = find(".peek video");
  if (!video.src) video.src = find(".player")?.src ?? "";
  if (!video.seeking && Math.abs(video.currentTime - wanted) > 0.02) video.currentTime = wanted;
};
element.addEventListener("seeked", (event) => event.target.matches(".peek video") && picture(), true);

const peek = (track, event) => {
  const box = find(".peek");
  box.hidden = !track;
  if (!track) return;
  wanted = under(track, event);
  const around = find(".timeline").getBoundingClientRect();
  box.querySelector("span").textContent =
    `${wanted.toFixed(1)} s${event.target.dataset.said ? `, ${event.target.dataset.said}` : ""}`;
  const x = Math.min(event.clientX - around.left, around.width - box.offsetWidth / 2);
  box.style.left = `${Math.max(box.offsetWidth / 2, x)}px`;
  if (find(".player")) picture();
};

element.addEventListener("pointermove", (event) => {
  const track = event.target.closest(".track");
  peek(event.pointerType === "mouse" && track, event);
  if (track && event.buttons) seek(under(track, event));
});
element.addEventListener("pointerleave", () => find(".peek") && peek(null));
element.addEventListener("click", (event) => {
  const track = event.target.closest(".track");
  const moment = event.target.closest("[data-at]");
  if (track) seek(under(track, event));
  if (moment) seek(Number(moment.dataset.at));
});
