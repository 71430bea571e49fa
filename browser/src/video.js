/**
 * A video file, moment by moment.
 *
 * @module
 */

const EVERY = 0.1; // seconds
const LONGEST_SIDE = 1280; // pixels; larger frames are reduced first

/**
 * Call `each` with a frame every tenth of a second, in order, until it answers false.
 * @param {HTMLVideoElement} video with its `src` set
 * @param {(bitmap: ImageBitmap, seconds: number) => Promise<boolean>} each
 */
export async function stepThrough(video, each) {
  await event(video, "loadeddata", 15_000);
  if (!Number.isFinite(video.duration)) await findEnd(video);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight));
  const resized = {
    resizeWidth: Math.round(video.videoWidth * scale),
    resizeHeight: Math.round(video.videoHeight * scale),
  };
  for (let seconds = 0; seconds < video.duration; seconds += EVERY) {
    const there = event(video, "seeked", 10_000);
    video.currentTime = seconds;
    await there;
    const bitmap = await createImageBitmap(video, resized);
    if (!(await each(bitmap, seconds))) return;
  }
}

/**
 * Let the browser find out how long a video is: recordings of browsers do not say it.
 * @param {HTMLVideoElement} video
 */
async function findEnd(video) {
  const found = ["durationchange", "seeked"].map((name) => event(video, name, 10_000));
  video.currentTime = Number.MAX_SAFE_INTEGER;
  await Promise.all(found);
  if (!Number.isFinite(video.duration)) throw new Error("it has no end");
}

/**
 * Wait for something to happen to a video.
 * @param {HTMLVideoElement} video
 * @param {string} name
 * @param {number} patience milliseconds
 */
function event(video, name, patience) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("it does not answer")), patience);
    const done = (/** @type {Event} */ { type }) => {
      clearTimeout(timer);
      video.removeEventListener(name, done);
      video.removeEventListener("error", done);
      if (type === name) resolve(undefined);
      else reject(new Error("it cannot be decoded"));
    };
    video.addEventListener(name, done);
    video.addEventListener("error", done);
  });
}
