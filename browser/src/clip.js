/**
 * A video file on the stage: read moment by moment, then played with what was found.
 *
 * @module
 */

import { at } from "./stage.js";
import { clock } from "./timeline.js";
import { stepThrough } from "./video.js";

/**
 * @param {import("./stage.js").Stage} stage
 * @param {File} file
 * @param {() => Promise<void> | void} back what is shown where it cannot be read
 */
export async function showClip(stage, file, back) {
  const { video, engine } = stage;
  const turn = stage.enter("video");
  const url = URL.createObjectURL(file);
  stage.onLeave = () => {
    video.ontimeupdate = video.onplay = video.onpause = null;
    at("play").textContent = "Play";
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(url);
  };
  await engine.forget();
  if (turn !== stage.turn) return;
  video.src = url; // only now: it may load at once, and `stepThrough` waits for that
  try {
    await stepThrough(video, async (bitmap, seconds) => {
      if (turn !== stage.turn) {
        bitmap.close(); // of whatever the element shows by now
        return false;
      }
      const answer = await engine.recognize(bitmap, seconds);
      if (turn !== stage.turn) return false;
      stage.show(answer);
      stage.measured(answer.milliseconds);
      stage.timeline.add(seconds, answer.faces);
      stage.drawTime(seconds);
      stage.hint(`${file.name}: ${clock(seconds)} of ${clock(video.duration)} read`);
      stage.size = { width: answer.width, height: answer.height };
      return true;
    });
  } catch {
    if (turn !== stage.turn) return;
    await back();
    stage.say(`${file.name} cannot be played by this browser. Try an MP4 file (H.264).`);
    return;
  }
  if (turn !== stage.turn) return;
  stage.tell(file.name);
  at("play").hidden = false;
  video.onplay = video.onpause = () => {
    at("play").textContent = video.paused ? "Play" : "Pause";
  };
  stage.onPlay = () => {
    if (video.paused) video.play();
    else video.pause();
  };
  stage.onScrub = (seconds) => {
    video.currentTime = seconds;
  };
  video.ontimeupdate = () => {
    stage.show({ ...stage.size, faces: stage.timeline.nearest(video.currentTime).faces });
    stage.drawTime(video.currentTime);
  };
  video.currentTime = 0;
}
