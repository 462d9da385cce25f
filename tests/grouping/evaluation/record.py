"""
Records ``events.jsonl.xz`` anew: runs the programs, with everything that README.md asks for installed.

    python tests/grouping/evaluation/record.py [LANGUAGE ...]

Each program has a bug for each of its views. It runs in several places, in two releases (the second
with its lines moved and a variable renamed), along several call paths, and with other data each time.
What comes out are events with the name of their bug; languages that are not asked for stay as they are.
"""

from __future__ import annotations

import json
import lzma
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from programs import baskets
from shapes import dotnet_event, java_event, message_event, php_event

FOLDER = Path(__file__).parent
DATA = FOLDER / "events.jsonl.xz"
PROGRAMS = FOLDER / "programs"

# What grouping reads of an event, and what helps to read the data.
_KEPT = ("platform", "level", "logger", "transaction", "message", "logentry", "exception", "threads", "stacktrace",
         "release", "culprit", "type")  # fmt: skip
_NOT_OF_FRAMES = ("vars", "pre_context", "post_context", "registers")
# The runs that have the bugs which nothing tells apart; they are rarer than others. Elsewhere those
# whose way is plain have them.
_HARD_RUNS = {0, 3, 8}
# What calls the shop stands for a framework; it is not released with it.
_RUNNERS_OWN = {
    "site-packages",
    "vendor",
    "packages",
    "org",
    "Program.cs",
    "main.rb",
    "main.go",
    "go.mod",
    "package.json",
}
_COMMENTS = {".py": "#", ".rb": "#"}
_FUNCTION = re.compile(
    r"^( *)(?=(?:async )?(?:def|function|func|export|public|static|private)\b)", re.MULTILINE
)


class Run(NamedTuple):
    """One run of a program."""

    place: str  # absolute folder
    release: int  # 1 or 2
    way: str  # the call path
    mode: str = ""  # what else differs, by language


RUNS = {
    "python": [
        Run("/srv/shop", 1, "plain"),
        Run("/srv/shop", 1, "request"),
        Run("/opt/shop/releases/20261125101112/app", 1, "thread"),
        Run("/srv/shop", 2, "plain", "old SDK"),
        Run("/home/ann/src/shop", 2, "asyncio"),
        Run("/app", 1, "asyncio", "old SDK"),
        Run("/app", 2, "request"),
    ],
    "node": [
        Run("/srv/shop", 1, "plain"),
        Run("/srv/shop", 2, "plain"),
        Run("/opt/shop/releases/20261125101112/app", 1, "async"),
        Run("/app", 2, "async"),
        Run("/srv/shop", 1, "plain", "minified"),
        Run("/app", 2, "async", "minified"),
    ],
    "javascript": [
        Run("/assets", 1, "plain", "V8 debug"),
        Run("/assets", 1, "plain", "V8 minified"),
        Run("/assets", 2, "plain", "SpiderMonkey minified"),
        Run("/assets", 1, "plain", "JavaScriptCore minified"),
        Run("/static/js", 2, "async", "V8 minified"),
        Run("/static/js", 1, "async", "SpiderMonkey minified"),
        Run("/assets", 2, "plain", "SpiderMonkey debug"),
        Run("/assets", 2, "async", "JavaScriptCore debug"),
        Run("/assets", 1, "plain", "V8 unmapped"),
        Run("/static/js", 1, "plain", "V8 unmapped"),
        Run("/build", 1, "plain", "V8 unmapped"),
        Run("/js", 1, "plain", "V8 unmapped"),
        Run("/assets", 1, "plain", "SpiderMonkey unmapped"),
        Run("/static/js", 1, "plain", "JavaScriptCore unmapped"),
    ],
    "ruby": [
        Run("/srv/shop", 1, "plain"),
        Run("/opt/shop/releases/20261125101112/app", 1, "thread"),
        Run("/srv/shop", 2, "fiber"),
        Run("/app", 2, "thread"),
        Run("/app", 1, "plain", "Ruby 3.4"),
        Run("/opt/shop/releases/20261125101112/app", 2, "thread", "Ruby 3.4"),
    ],
    "go": [
        Run("/srv/shop", 1, "plain"),
        Run("/home/ann/go/src/shop", 1, "goroutine"),
        Run("/srv/shop", 2, "plain"),
        Run("/app", 2, "goroutine"),
        Run("/srv/shop", 1, "goroutine"),
        Run("/home/ann/go/src/shop", 2, "goroutine"),
    ],
    "php": [
        Run("/srv/shop", 1, "plain"),
        Run("/var/www/releases/20261125101112", 1, "fiber"),
        Run("/srv/shop", 2, "plain"),
        Run("/app", 2, "fiber", "PHP 8.4"),
        Run("/srv/shop", 1, "fiber", "PHP 8.4"),
        Run("/var/www/releases/20261126101112", 2, "fiber"),
    ],
    "java": [
        Run("/srv/shop", 1, "plain", "in-app"),
        Run("/app", 1, "pool", "in-app"),
        Run("/app", 2, "future", "in-app"),
        Run("/srv/shop", 2, "proxy", "in-app"),
        Run("/srv/shop", 1, "plain", "not told"),
        Run("/app", 2, "pool", "not told"),
    ],
    "dotnet": [
        Run("/srv/shop", 1, "plain", "original"),
        Run("/app", 1, "task", "original"),
        Run("C:\\shop", 2, "async", "original"),
        Run("/srv/shop", 1, "plain", "enhanced"),
        Run("/app", 2, "task", "enhanced"),
        Run("C:\\shop", 2, "async", "enhanced"),
    ],
}  # fmt: skip


def main() -> None:
    """Record the languages of the command line, or all."""
    languages = sys.argv[1:] or list(RUNS)
    lines = [line for line in _recorded() if json.loads(line)["language"] not in languages]
    with tempfile.TemporaryDirectory() as folder:
        for language in languages:
            for number, run in enumerate(RUNS[language]):
                for bug, event in _events(
                    language, run, number, Path(folder) / f"{language}{number}"
                ):
                    variant = " ".join(
                        filter(None, [run.place, f"release {run.release}", run.way, run.mode])
                    )
                    record = {
                        "language": language,
                        "bug": bug,
                        "variant": variant,
                        "event": _slim(event),
                    }
                    lines.append(json.dumps(record, ensure_ascii=False))
    DATA.write_bytes(
        lzma.compress("\n".join(sorted(lines)).encode(), preset=9 | lzma.PRESET_EXTREME)
    )


def _recorded() -> list[str]:
    return lzma.decompress(DATA.read_bytes()).decode().splitlines() if DATA.exists() else []


def _slim(event: dict[str, Any]) -> dict[str, Any]:
    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without(item) for key, item in value.items() if key not in _NOT_OF_FRAMES}
        return [without(item) for item in value] if isinstance(value, list) else value

    return {key: without(event[key]) for key in _KEPT if event.get(key)}


def _events(
    language: str, run: Run, number: int, root: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Lay the program out below a folder that stands for the root, run it, and name the root again."""
    place = root / run.place.lstrip("/").replace("C:\\", "c/")
    source = "javascript" if language == "node" else language
    shutil.copytree(PROGRAMS / source, place)
    shutil.copy(PROGRAMS / "baskets.py", place.parent)
    if run.release == 2:
        for path in place.rglob("*"):
            _release_again(path)
    basket = {**baskets.basket(number), "hard": number in _HARD_RUNS}
    for bug, event in _RUNNERS[language](run, place, basket):
        text = json.dumps(event, ensure_ascii=False).replace(str(root), "")
        yield bug, json.loads(text.replace("/c/shop/", "C:\\\\shop\\\\"))


def _release_again(path: Path) -> None:
    """The next release: other line numbers everywhere, and a variable with another name."""
    if not path.is_file() or _RUNNERS_OWN & {*path.parts, path.name}:
        return
    comment = _COMMENTS.get(path.suffix, "//")
    first, _, rest = path.read_text().partition("\n")
    rest = re.sub(
        r"\bline\b", "position", _FUNCTION.sub(rf"\n\1{comment} Another release.\n\1", rest)
    )
    path.write_text("\n".join([first, *[f"{comment} Moved."] * 9, rest]))


def _output(command: list[str], place: Path, **environment: str) -> list[str]:
    done = subprocess.run(
        command,
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    if not done.stdout:
        raise SystemExit(f"{command} said: {done.stderr}")
    return done.stdout.splitlines()


def _camel(basket: dict[str, Any]) -> dict[str, Any]:
    return {
        re.sub(r"_(\w)", lambda found: found[1].upper(), key): value
        for key, value in basket.items()
    }


def _json_events(lines: list[str], platform: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in lines:
        if line.startswith('{"bug"'):
            found = json.loads(line)
            yield found["bug"], {"platform": platform, **found["event"]}


def _python(run: Run, place: Path, _: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    python = os.environ["OLD_SDK_PYTHON"] if run.mode else os.environ["NEW_SDK_PYTHON"]
    seed = RUNS["python"].index(run)
    # Where Python and its environment are on the recording machine is nobody's business; elsewhere they
    # are in another place too.
    own = _output([python, "-c", "import sys; print(sys.prefix); print(sys.base_prefix)"], place)
    others = [
        f"{run.place}/.venv",
        "/usr" if run.release == 1 else "/home/ann/.pyenv/versions/3.11.7",
    ]
    for bug, event in _json_events(
        _output([python, "site-packages/runner.py", run.way, str(seed)], place), "python"
    ):
        text = json.dumps(event)
        for folder, other in zip(own, others, strict=True):
            text = text.replace(folder, other)
        yield bug, json.loads(text)


def _ruby(run: Run, place: Path, basket: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    lines = _output(["ruby", "main.rb", run.way, json.dumps(basket)], place)
    for bug, event in _json_events(lines, "ruby"):
        if run.mode:  # Ruby 3.4 names methods with their class
            for frame in _frames(event):
                label = frame.get("function") or ""
                frame["function"] = re.sub(r"(^| in )(?=\w+[?!]?$)", r"\1Shop::Class#", label)
        yield bug, event


def _frames(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    exceptions = event.get("exception") or {}
    for exception in exceptions.get("values", []) if isinstance(exceptions, dict) else exceptions:
        yield from (exception.get("stacktrace") or {}).get("frames", [])


def _go(run: Run, place: Path, basket: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    # Not a module here: the packages that Debian ships are found by GOPATH only.
    gopath = place / "gopath"
    sources = gopath / "src" / "example.com" / "shop"
    sources.mkdir(parents=True)
    (place / "go.mod").unlink()
    for name in ("main.go", "shop", "vendor"):
        shutil.move(place / name, sources / name)
    binary = str(place / "binary")
    build = ["go", "build", "-o", binary, "."]
    subprocess.run(build, cwd=sources, check=True,
                   env={**os.environ, "GO111MODULE": "off", "GOPATH": f"{gopath}:/usr/share/gocode"})  # fmt: skip
    fields = {key: value for key, value in _camel(basket).items() if key != "lines"}
    fields["lines"] = [{"price": 3, "count": 2}]
    for bug, event in _json_events(_output([binary, run.way, json.dumps(fields)], place), "go"):
        text = json.dumps(event).replace("/gopath/src/example.com/shop", "")
        yield bug, json.loads(text)


def _php(run: Run, place: Path, basket: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in _output(["php", "vendor/runner/runner.php", run.way, json.dumps(basket)], place):
        found = json.loads(line)
        if "message" in found:
            yield found["bug"], message_event("php", found["message"])
        else:
            yield found["bug"], php_event(found["error"], str(place), newest=bool(run.mode))


def _java(run: Run, place: Path, basket: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    jar = "/usr/share/java/cglib-nodep.jar"
    sources = [str(path) for path in place.rglob("*.java")]
    subprocess.run(["javac", "-g", "-cp", jar, "-d", str(place / "out"), *sources], check=True)
    command = ["java", "--add-opens", "java.base/java.lang=ALL-UNNAMED", "-cp", f"{place / 'out'}:{jar}",
               "org.quartz.Runner", run.way]  # fmt: skip
    fields = {key: value for key, value in _camel(basket).items() if key not in _NOT_FIELDS}
    for key, value in fields.items():
        command += [key, str(value % 1_000_000 if key == "id" else value)]
    for bug, lines in _blocks(_output(command, place)):
        yield bug, java_event(lines, told=run.mode == "in-app")
    yield from _messages("java", basket)


_NOT_FIELDS = ("hard", "lines", "name", "nameOfService", "localePriceText")


def _dotnet(run: Run, place: Path, basket: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    subprocess.run(
        ["mcs", "-debug", "-langversion:latest", "-out:shop.exe", "Shop.cs", "Program.cs"],
        cwd=place,
        check=True,
    )
    command = ["mono", "--debug", "shop.exe", run.way]
    for key, value in _camel(basket).items():
        if key not in _NOT_FIELDS:
            command += [
                key[0].upper() + key[1:],
                str(value % 1_000_000 if key == "id" else value or ""),
            ]
    for bug, lines in _blocks(_output(command, place)):
        yield bug, dotnet_event(lines, enhanced=run.mode == "enhanced")
    yield from _messages("csharp", basket)


def _blocks(lines: list[str]) -> Iterator[tuple[str, list[list[str]]]]:
    block: list[list[str]] = []
    for line in [*lines, "bug\t"]:
        fields = line.split("\t")
        if fields[0] == "bug" and block:
            yield block[0][1], block[1:]
            block = []
        block.append(fields)


def _messages(platform: str, basket: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield (
        "message_paid",
        message_event(
            platform,
            f"{basket['mail']} paid {basket['locale_number']} for {basket['id']} on {basket['at']}",
        ),
    )
    yield (
        "message_address",
        message_event(
            platform, f"Too many requests from {basket['address']}, session {basket['token']}"
        ),
    )
    yield (
        "message_file",
        message_event(platform, f"Import of {basket['path']} took {basket['duration']}"),
    )


def _bundle(place: Path, entry: str, name: str, *, format_: str, minified: bool) -> Path:
    target = place / name
    command = ["npx", "--no-install", "esbuild", str(place / entry), "--bundle", f"--format={format_}", "--sourcemap",
               "--sources-content", f"--outfile={target}", "--log-level=error",
               *(["--minify"] if minified else [])]  # fmt: skip
    subprocess.run(command, cwd=os.environ["SDK_FOLDER"], check=True)
    return target


def _mapped(bundle: Path, event: dict[str, Any], url: str) -> dict[str, Any]:
    """The event as symbolication gives it, by the library that Mesher itself uses."""
    from symbolic.sourcemapcache import SourceMapCache  # needed only to record

    cache = SourceMapCache.from_bytes(bundle.read_bytes(), Path(f"{bundle}.map").read_bytes())
    for frame in _frames(event):
        if not (frame.get("abs_path") or frame.get("filename") or "").endswith(bundle.name):
            continue
        token = cache.lookup(frame["lineno"], frame["colno"], 0)
        if token is None:
            continue
        source = re.sub(r"^(\.\./)+", "", token.src)
        frame.update(
            function=token.function_name or frame.get("function"),
            filename=f"../{source}",
            module=re.sub(r"\.\w+$", "", source),
            abs_path=f"{url}/{source}",
            lineno=token.line,
            colno=token.col,
            context_line=(token.context_line or "").rstrip(),
            data={"sourcemap": f"{bundle.name}.map"},
        )
    return event


def _node(run: Run, place: Path, basket: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    (place / "packages").rename(place / "node_modules")
    command = ["node", "node_modules/runner/node.js", run.way, json.dumps(_camel(basket))]
    if not run.mode:
        yield from _json_events(_output(command, place), "node")
        return
    bundle = _bundle(
        place,
        "node_modules/runner/run.js",
        "dist/server.3f2c1b9a.mjs",
        format_="esm",
        minified=True,
    )
    for bug, event in _json_events(_output([*command, str(bundle)], place), "node"):
        yield bug, _mapped(bundle, event, str(place / "dist"))


_SHELLS = {
    "V8": lambda before, bundle: ["node", "-r", before, bundle],
    "SpiderMonkey": lambda before, bundle: ["js102", "-f", before, "-f", bundle],
    "JavaScriptCore": lambda before, bundle: ["jsc", before, bundle],
}


def _javascript(
    run: Run, place: Path, basket: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    engine, build = run.mode.split()
    minified = build != "debug"
    # As bundlers name files, by their content; a debug build is called what it is.
    name = f"app-{'b7e2' * (1 + run.release)}{len(run.place)}.js" if minified else "app.js"
    (place / "packages").rename(place / "node_modules")
    bundle = _bundle(
        place, "node_modules/runner/engine.js", name, format_="iife", minified=minified
    )
    before = place / "before.js"
    before.write_text(
        f"globalThis.WAY = '{run.way}'; globalThis.BASKET = {json.dumps(_camel(basket))};"
    )
    lines = _output(_SHELLS[engine](str(before), str(bundle)), place)
    url = f"https://{'shop' if run.release == 1 else 'www.shop'}.example{run.place}"
    text = "\n".join(lines).replace(str(place), url)
    # Shells name a script by its path alone where that is how they were given it.
    (place / "lines.txt").write_text(text)
    parsed = _output(["node", str(PROGRAMS / "browser_events.js"), "lines.txt"], place)
    for bug, event in _json_events(parsed, "javascript"):
        yield bug, event if build == "unmapped" else _mapped(bundle, event, url)


_RUNNERS = {
    "python": _python,
    "node": _node,
    "javascript": _javascript,
    "ruby": _ruby,
    "go": _go,
    "php": _php,
    "java": _java,
    "dotnet": _dotnet,
}

if __name__ == "__main__":
    main()
