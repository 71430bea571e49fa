"""The web app: expressions in the visitor's camera and in pictures. Start: ``python app.py``."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from fer import ondevice
from fer.app import look, sessions, temporary
from fer.app.choice import WHOLE, Choice, choose
from fer.app.guard import Guard
from fer.app.photo import photo_tab
from fer.app.queue import WAITING, limit_videos
from fer.app.video import LIMITS, video_tab
from fer.app.webcam import webcam_tab
from fer.bundle import METRICS, Bundle, list_served
from fer.errors import UserError
from fer.look import kit, words
from fer.look.headers import Headers
from fer.paths import EXAMPLE_PICTURES, EXAMPLES_FOLDER
from fer.vision.classify import Classifier
from fer.vision.detectors import available_detectors, open_detector
from fer.vision.image import MAX_MEGAPIXELS
from fer.vision.recognize import Recognizer

_DEVICE = "on-device"  # path of the page in which everything happens on the visitor's device
_WEBCAM = "webcam"

_AT_ONCE = 2  # pictures, besides the live views
_VISITORS_KEPT = 500  # whose last photo's thumbnails stay in memory, half an hour at most


@dataclass(frozen=True)
class Model:
    """A bundle that visitors can choose.

    Attributes:
        recognizers: by the name of their detector, the better one last; opened once, shared by
            all visitors; they keep no state between pictures.
        trust: sentences on how far to believe it.
    """

    recognizers: Mapping[str, Recognizer]
    trust: Sequence[str]


def open_model(weights: Bundle | str | Path) -> Model:
    """Open the bundle ``weights``, a name under ``weights/`` or a folder, with every detector.

    Raises:
        UserError: if it cannot be opened.
    """
    bundle = Bundle.open(weights)
    classifier = Classifier(bundle.folder, bundle.spec)
    recognizers = {
        name: Recognizer(open_detector(name), classifier)
        for name in (WHOLE, *available_detectors())
    }
    return Model(recognizers, words.trust(classifier.spec, bundle.current(METRICS)))


def build_app(models: Mapping[str, Model], device: bool = False) -> gr.Blocks:
    """The app over ``models``, by a name of each; the first is chosen at the start.

    With ``device`` the Webcam tab begins with the page of `fer.ondevice`, which `launch` serves.
    """
    recognizers = {
        (name, detector): recognizer
        for name, model in models.items()
        for detector, recognizer in model.recognizers.items()
    }
    with gr.Blocks(title=words.TITLE, analytics_enabled=False, fill_width=True) as demo:
        spoken = '<p id="spoken" role="status"></p>'  # page.js writes what an answer begins with
        gr.HTML(kit.masthead() + kit.uses() + spoken, padding=False)
        choice = choose(recognizers)
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab("Webcam", id=_WEBCAM, elem_id="webcam-tab"):
                if device:
                    ways, stop = _webcam_both_ways(choice)
                else:
                    ways, stop = None, webcam_tab(choice)
                    gr.HTML(f'<p class="limits">{words.SERVER_ONLY}</p>', padding=False)
            with gr.Tab("Photo") as photo:
                _say_where(tabs, ways)
                photo_tab(choice, EXAMPLE_PICTURES)
            with gr.Tab("Video") as video:
                _say_where(tabs, ways)
                video_tab(choice, EXAMPLES_FOLDER / "clip.mp4")
        with gr.Accordion(words.TRUST, open=False, elem_id="trust"):
            trust = gr.HTML(kit.sentences(models[choice.model.value].trust), padding=False)
        choice.model.change(
            lambda name: kit.sentences(models[name].trust),
            choice.model,
            trust,
            api_visibility="private",
            show_progress="hidden",
        )
        stop(photo.select)
        stop(video.select)
    return demo


def _webcam_both_ways(choice: Choice) -> tuple[gr.Tabs, Callable[[Any], None]]:
    """The camera on the visitor's device, and beside it on the server, as `webcam_tab` answers."""
    with gr.Tabs() as ways:
        with gr.Tab("On this device", id=_DEVICE, elem_id="device-tab") as device:
            gr.HTML(
                f'<iframe id="on-device" src="{_DEVICE}/index.html?embedded" allow="camera" '
                'title="Apparent expressions, read on this device"></iframe>',
                padding=False,
            )
        with gr.Tab("On the server"):
            stop = webcam_tab(choice)
    stop(device.select)
    return ways, stop


def _say_where(tabs: gr.Tabs, ways: gr.Tabs | None) -> None:
    """Say that a tab's pictures are read on the server, and lead to the page that needs none."""
    with gr.Row(elem_classes="where"):
        gr.HTML(f"<p>{words.ON_SERVER}</p>", padding=False)
        if ways:
            gr.Button(words.ON_DEVICE, size="md", min_width=120, elem_classes="to-device").click(
                lambda: (gr.Tabs(selected=_WEBCAM), gr.Tabs(selected=_DEVICE)),
                None,
                [tabs, ways],
                queue=False,
                api_visibility="private",
                show_progress="hidden",
            )


def launch(demo: gr.Blocks, site: Path | None = None, **options: Any) -> str:
    """Serve ``demo`` as hardened for the public; the answer is its address.

    Args:
        demo: what `build_app` made.
        site: the folder that `fer.ondevice.build_site` wrote, for the tab "On this device".
        options: further arguments of `gr.Blocks.launch`, such as ``server_port``.
    """
    sessions.remember_no_values()
    sessions.log_places_only()
    Image.MAX_IMAGE_PIXELS = MAX_MEGAPIXELS * 500_000  # Pillow refuses twice as many
    demo.queue(max_size=WAITING, default_concurrency_limit=_AT_ONCE, api_open=False)
    limit_videos(demo)
    page = [Mount(f"/{_DEVICE}", StaticFiles(directory=site))] if site else []
    _, address, _ = demo.launch(
        app_kwargs={"routes": page, "middleware": [Middleware(Headers), Middleware(Guard)]},
        theme=look.theme(),
        css=look.css(),
        head=look.head(),
        footer_links=[],
        max_file_size=f"{LIMITS.megabytes:g}mb",
        state_session_capacity=_VISITORS_KEPT,
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        i18n=look.translations(),
        **options,
    )
    return str(address)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """``docker stop`` and ``systemctl stop`` end the block, so that visitors' files go.

    As process 1 of a container it would not hear of them at all.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the bundles and serve the app until interrupted; the exit status."""
    parser = argparse.ArgumentParser(description="Apparent facial expressions in the browser.")
    parser.add_argument(
        "--weights", action="append", help="a bundle's name or folder; may be repeated"
    )
    parser.add_argument("--port", type=_port, help="port to listen on (default: 7860 or the next)")
    options = parser.parse_args(arguments)
    try:
        names = options.weights or [bundle.name for bundle in list_served()] or ["fer"]
        models = {name: open_model(name) for name in names}
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    if len(available_detectors()) == 1:
        print("The Haar cascade finds the faces; 'python -m fer fetch yunet' gets a better one.")
    if commands := ondevice.to_fetch():
        print(f"Frames are read here; after {' and '.join(commands)} visitors' devices do it.")
    with temporary.own_folder() as folder:
        site = None
        if ondevice.has_runtime():
            site = ondevice.build_site(folder / "page", names)
        demo = build_app(models, device=site is not None)
        try:
            gone = partial(sessions.forget_gone, demo)
            with temporary.swept(folder, also=gone), _ended_by_sigterm():
                launch(demo, site, server_port=options.port)
        except OSError:
            port = options.port or "7860 and the ports after it"
            print(f"Port {port} cannot be used: name a free one with --port.", file=sys.stderr)
            return 1
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not '{text}'")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
