// What Gradio's page lacks. fer/app/look.py fills in the sentences.
window.fer = (() => {
  const sentences = SENTENCES;
  const byId = (id) => document.getElementById(id);
  const later = (ms) => new Promise((done) => setTimeout(done, ms));

  // Camera: one press starts it, one stops it and frees it at once. Gradio's own two buttons stay
  // hidden and are pressed from here; the page carries the class "camera-starting" or "camera-on".
  const devices = navigator.mediaDevices;
  const state = document.documentElement.classList;
  let running = [];
  let chosen = "";
  let answered = 0;

  const say = (text) => {
    if (byId("camera-help")) byId("camera-help").textContent = text;
  };
  const find = async (selector) => {
    while (state.contains("camera-starting")) { // a slow device takes its time
      const found = document.querySelector(selector);
      if (found) return found;
      await later(50);
    }
    return null;
  };
  const free = () => {
    running.flatMap((stream) => stream.getTracks()).forEach((track) => track.stop());
    running = [];
    const focused = document.activeElement === byId("stop");
    state.remove("camera-on", "camera-starting", "camera-waiting");
    if (focused) byId("start").focus();
  };
  const start = async () => {
    if (!devices) return say(sentences.insecure);
    if (state.contains("camera-starting") || state.contains("camera-on")) return;
    if (!byId("stage").offsetParent) return; // another tab was opened meanwhile
    say("");
    state.add("camera-starting");
    (await find('#camera [title="grant webcam access"] button'))?.click();
  };
  const started = async (stream) => {
    running.push(stream);
    if (!state.contains("camera-starting")) return free(); // stopped while the browser asked
    const record = await find("#camera .capture-button");
    if (!record) return;
    record.click();
    answered = Date.now();
    const focused = document.activeElement === byId("start");
    state.replace("camera-starting", "camera-on");
    if (focused) byId("stop").focus();
    offerCameras();
  };
  const offerCameras = async () => {
    const cameras = (await devices.enumerateDevices()).filter((d) => d.kind === "videoinput");
    const used = running[0]?.getVideoTracks()[0]?.getSettings().deviceId;
    byId("camera-choice").hidden = cameras.length < 2;
    byId("camera-choice").querySelector("select").replaceChildren(
      ...cameras.map((d, i) => new Option(d.label || `Camera ${i + 1}`, d.deviceId, false, d.deviceId === used)),
    );
  };

  if (devices && devices.getUserMedia) {
    const ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wanted) => {
      if (chosen && wanted.video) {
        const { facingMode, ...video } = wanted.video === true ? {} : wanted.video;
        wanted = { ...wanted, video: { ...video, deviceId: { exact: chosen } } };
      }
      try {
        const stream = await ask(wanted);
        started(stream);
        return stream;
      } catch (error) {
        state.remove("camera-starting");
        say(sentences[error.name] || sentences.other);
        return new Promise(() => {}); // Gradio handles no refusal: it waits for the next click.
      }
    };
  }

  // The live view shares its server: after a while others have a turn.
  setInterval(() => {
    state.toggle("camera-waiting", state.contains("camera-on") && Date.now() - answered > 4000);
  }, 500);

  // Faces: a click in the live view follows a face, one in a photo leads to its card and back.
  const follow = (face) => {
    const input = byId("wanted")?.querySelector("input");
    if (!input) return;
    input.value = face;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const mark = (face) => {
    document.querySelectorAll(".shot [data-face], [data-card]").forEach((element) => {
      element.classList.toggle("chosen", (element.dataset.face || element.dataset.card) === face);
    });
  };

  // Answers: on a small screen they begin under its end, so the page goes there.
  const revealed = {};
  const reveal = async (where) => {
    await later(100);
    const answer = document.querySelector(`#${where}-result :is(.count, .made-by)`);
    byId("spoken").textContent = answer?.textContent || "";
    if (revealed[where] === asked) return; // another model read the same
    revealed[where] = asked;
    const first = document.querySelector(`#${where}-result .reveal, #${where}-said .fer-notice`);
    if (!first || !first.offsetParent) return;
    if (first.getBoundingClientRect().bottom > window.innerHeight) {
      first.scrollIntoView({ block: first.offsetHeight < window.innerHeight ? "end" : "start" });
    }
  };

  let asked = 0; // how many files and examples were chosen

  const selectedTab = () =>
    document.querySelector('[role="tab"][aria-selected="true"]')?.textContent.trim();

  // Photos can be pasted and dropped anywhere on their tab.
  const take = (files) => {
    const input = document.querySelector("#upload input[type=file]");
    const photo = byId("picture") || byId("photo-said");
    if (!input || !photo || selectedTab() !== "Photo") return false;
    const file = [...(files || [])].find((one) => one.type.startsWith("image/"));
    if (!file) return false;
    const transfer = new DataTransfer();
    transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };
  document.addEventListener("paste", (event) => {
    if (take(event.clipboardData?.files)) event.preventDefault();
  });
  document.addEventListener("dragover", (event) => {
    if (document.querySelector(".shot")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!event.target.closest?.("#upload, #video-file") && take(event.dataTransfer?.files)) {
      event.preventDefault();
    }
  });

  // Whoever goes over to the page on this device takes along what they chose: it is handed from
  // this page's memory to the frame's, and kept nowhere else.
  const chosenFiles = {};
  const remember = (target, files) => {
    if (!files?.length) return;
    asked += 1;
    if (target.closest?.("#upload")) chosenFiles.Photo = files[0];
    if (target.closest?.("#video-file")) chosenFiles.Video = files[0];
  };
  const overtaken = () => !(chosenFiles.Photo instanceof File);
  const takenAlong = async (tab) => {
    const example = tab === "Video" && document.querySelector("#video-file a[href]")?.href;
    const chosen = chosenFiles[tab] || example;
    if (!chosen || chosen instanceof File) return chosen;
    const blob = await (await fetch(chosen)).blob();
    return new File([blob], decodeURIComponent(chosen.split("/").pop()), { type: blob.type });
  };
  const handOver = async (tab) => {
    const file = await takenAlong(tab);
    if (!file) return;
    const inside = (id) => byId("on-device").contentDocument?.getElementById(id);
    for (let i = 0; inside("camera")?.disabled !== false; i++) {
      if (i > 600) return; // a minute: its model does not come
      await later(100);
    }
    const transfer = new DataTransfer();
    transfer.items.add(file);
    inside("files").files = transfer.files;
    inside("files").dispatchEvent(new Event("change"));
  };
  document.addEventListener("change", (event) => remember(event.target, event.target.files), true);
  document.addEventListener("drop", (event) => remember(event.target, event.dataTransfer?.files), true);

  // The menu is closed by a click elsewhere, and by Escape.
  const closeMenu = (focus) => {
    const menu = byId("menu");
    if (!menu?.querySelector(".label-wrap.open")) return;
    menu.querySelector("button").click();
    if (focus) menu.querySelector("button").focus();
  };

  const followNext = () => {
    const faces = [...document.querySelectorAll("#overlay [data-face]")].map((one) => one.dataset.face);
    const shown = document.querySelector("#panel h2")?.textContent.split(" ")[1];
    if (faces.length > 1) follow(faces[(faces.indexOf(shown) + 1) % faces.length]);
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenu(true);
    const typed = event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select");
    if (event.key.toLowerCase() === "n" && state.contains("camera-on") && !typed) followNext();
  });
  document.addEventListener("change", (event) => {
    if (!event.target.closest("#camera-choice")) return;
    chosen = event.target.value;
    byId("stop").click();
    later(1500).then(start);
  });
  document.addEventListener("pointerdown", (event) => {
    // Live frames are drawn anew ten times a second: a click may begin on one and end on another.
    const face = event.target.closest("#overlay [data-face]");
    if (face) follow(face.dataset.face);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#menu")) closeMenu(false);
    const face = event.target.closest(".shot [data-face]")?.dataset.face;
    const card = event.target.closest("[data-card]")?.dataset.card;
    if (face || card) mark(face || card);
    if (face) byId(`face-${face}`)?.scrollIntoView({ block: "nearest", behavior: "smooth" });
    const button = event.target.closest("button");
    if (!button) return;
    if (button.id === "start") start();
    if (button.closest(".to-device")) handOver(selectedTab());
    if (button.closest("#again")) delete chosenFiles.Photo;
    if (button.closest("#video-file, #video-example, #video-again")) delete chosenFiles.Video;
    if (button.closest(".examples, #video-example")) asked += 1;
    if (button.closest(".examples")) chosenFiles.Photo = button.querySelector("img")?.src;
    if (button.id === "stop" || button.matches('[role="tab"][aria-selected="false"]')) free();
  }, true);

  new MutationObserver((changes) => {
    if (changes.some((change) => change.target.closest?.("#overlay"))) answered = Date.now();
  }).observe(document, { subtree: true, childList: true });

  return { reveal, overtaken };
})();
