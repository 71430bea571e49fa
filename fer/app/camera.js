// Frees the camera at once when it is stopped, says what to do when it cannot be had, and
// marks the page while it is on (class "camera-on"). The sentences are words.CAMERA_HELP.
(() => {
  const sentences = SENTENCES;
  const devices = navigator.mediaDevices;
  let running = [];

  const say = (text) => {
    const place = document.getElementById("camera-help");
    if (place) place.textContent = text;
  };
  const free = () => {
    running.flatMap((stream) => stream.getTracks()).forEach((track) => track.stop());
    running = [];
    document.body.classList.remove("camera-on");
  };

  if (devices && devices.getUserMedia) {
    const ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wanted) => {
      try {
        const stream = await ask(wanted);
        running.push(stream);
        document.body.classList.add("camera-on");
        say("");
        return stream;
      } catch (error) {
        say(sentences[error.name] || sentences.other);
        return new Promise(() => {}); // Gradio handles no refusal: it waits for the next click.
      }
    };
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.closest("#camera")) {
      if (!devices) say(sentences.insecure);
      if (button.querySelector('[title="stop recording"]')) document.getElementById("stop").click();
    } else if (button.id === "stop" || button.matches('[role="tab"][aria-selected="false"]')) {
      free();
    }
  }, true);
})();
