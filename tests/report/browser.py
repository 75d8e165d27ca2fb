#!/usr/bin/env python3
"""A report in a real browser: Chromium without a window, driven over WebDriver by plain HTTP.

usage: browser.py SAMPLE_PAGE [FOLDER]

SAMPLE_PAGE is the program that writes the page; screenshots go to FOLDER when it is given. The
page is loaded from the disk with the network off. Ends with 77 when there is no Chromium."""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

WIDTHS = [(390, 844), (800, 1000), (1600, 1000)]  # each shows another variant of the plots
FAILURES = []


def check(holds, what):
    if not holds:
        FAILURES.append(what)
        print("FAILED:", what)


class Driver:
    """chromedriver and one session of it."""

    def __init__(self, driver, profile):
        self.process = subprocess.Popen(
            [driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = None
        for line in self.process.stdout:  # "... was started successfully on port N."
            if "successfully on port" in line:
                port = line.rsplit(" ", 1)[1].strip().rstrip(".")
                break
        self.base = f"http://127.0.0.1:{port}"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                     "--disable-dev-shm-usage", "--disable-background-networking",
                     "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=" + profile]
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}}, session=False)
        self.session = answer["sessionId"]
        # Chromium's own first page asks for much.
        self.call("POST", "/url", {"url": "about:blank"})
        self.logs("performance")
        self.command("Network.enable")
        self.command("Network.emulateNetworkConditions", offline=True, latency=0,
                     downloadThroughput=0, uploadThroughput=0)

    def call(self, method, path, body=None, session=True):
        url = self.base + ("/session/" + self.session if session else "") + path
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"},
                                         method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.read().decode()[:400]}") from None

    def command(self, name, **parameters):  # of the DevTools protocol
        return self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def keys(self, text):
        actions = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [
            {"type": "key", "id": "keyboard", "actions": actions}]})

    def view(self, width, height, scheme):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                     deviceScaleFactor=1, mobile=False)
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": scheme},
                               {"name": "prefers-reduced-motion", "value": "reduce"}])

    def screenshot(self, path, whole=False):
        options = {"format": "png"}
        if whole:
            size = self.command("Page.getLayoutMetrics")["cssContentSize"]
            options.update(captureBeyondViewport=True,
                           clip={"x": 0, "y": 0, "width": size["width"],
                                 "height": min(size["height"], 12000), "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.command("Page.captureScreenshot", **options)["data"]))

    def logs(self, kind):
        return self.call("POST", "/se/log", {"type": kind})

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait(timeout=20)


def until(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    check(False, what)


# The table with a filter, and what a column of it says, top down.
COLUMN = """
const table = document.querySelector('.filter').parentElement.querySelector('table');
const heads = [...table.tHead.rows[0].cells];
const at = heads.findIndex((head) => head.textContent.startsWith(arguments[0]));
return [heads[at].getAttribute('aria-sort'),
        [...table.tBodies[0].rows].filter((row) => !row.hidden)
            .map((row) => row.cells[at].textContent)];
"""
CLICK_HEAD = """
const table = document.querySelector('.filter').parentElement.querySelector('table');
const head = [...table.tHead.rows[0].cells].find((one) => one.textContent.startsWith(arguments[0]));
head.querySelector('button')[arguments[1]]();
"""


def number(text):
    return None if text == "–" else float(text.replace(",", "").rstrip("%"))


def check_order(driver, column, direction, click="click"):
    if click == "click":
        driver.run(CLICK_HEAD, column, "click")
    state, said = driver.run(COLUMN, column)
    check(state == direction, f"{column}: aria-sort is {state}, not {direction}")
    numbers = [number(text) for text in said]
    there = [value for value in numbers if value is not None]
    check(there == sorted(there, reverse=direction == "descending"),
          f"{column}: not {direction}: {said}")
    check(len(there) > 40 and None not in numbers[:len(there)] and len(there) < len(numbers),
          f"{column}: missing values are not last: {said}")
    return state, said


def check_tables(driver):
    for direction in ("ascending", "descending"):
        _, said = check_order(driver, "size", direction)
        texts = [text for text in said if text != "–"]
        check(texts != sorted(texts, reverse=direction == "descending"), "size: sorted as text")
    check_order(driver, "speed", "descending")  # the best first
    check_order(driver, "speed", "ascending")
    check_order(driver, "median", "ascending")
    driver.run(CLICK_HEAD, "median", "focus")
    driver.keys("\ue007")  # Enter
    check_order(driver, "median", "descending", click="keyboard")
    driver.run("""
        const input = document.querySelector('.filter input');
        input.value = 'AVX2 li2018';
        input.dispatchEvent(new Event('input', {bubbles: true}));""")
    _, said = driver.run(COLUMN, "schedule")
    check(said == ["li2018"] * 4, f"the filter keeps {said}")
    output = driver.run("return document.querySelector('.filter output').textContent")
    check(output == "4 of 48 rows", f"the filter says {output}")
    driver.run("""
        const input = document.querySelector('.filter input');
        input.value = '';
        input.dispatchEvent(new Event('input', {bubbles: true}));""")


def pane(driver, name):
    return driver.run("""
        const pane = document.getElementById('pane-' + arguments[0]);
        const [entry, kind] = pane.querySelectorAll('select');
        return [entry.selectedOptions[0]?.text, kind.selectedOptions[0]?.text,
                pane.querySelector('code').textContent, pane.getBoundingClientRect().top,
                pane.getBoundingClientRect().left];""", name)


def check_panes(driver, width, height):
    entries = ["aggregation 128@28x28 avx2 hand", "aggregation 512@7x7 sse2 li2018"]
    for name, entry in zip("ab", entries):
        driver.run("""
            [...document.querySelectorAll(`a[data-pane=${arguments[0]}]`)].find(
                (link) => link.getAttribute('aria-label').includes(arguments[1])).click();""",
                   name, entry)
        until(lambda name=name: -1 < pane(driver, name)[3] < height, f"pane {name} is not in view")
        check(driver.run("return document.activeElement.id") == "pane-" + name,
              f"pane {name} has no focus")
    shown = [pane(driver, name) for name in "ab"]
    for (entry, kind, text, _, _), expected in zip(shown, entries):
        check(entry == expected and kind == "loop nest", f"a pane shows {entry}, {kind}")
        check(text.startswith(f'// {expected} <&> "äöü"\nproduce output:\n'),
              f"a pane says {text}")
    beside = shown[0][3] == shown[1][3] and shown[0][4] < shown[1][4]
    check(beside == (width > 900), f"panes side by side at {width}: {beside}")
    pressed = driver.run("return [...document.querySelectorAll('a[aria-current]')]"
                         ".map((link) => link.getAttribute('aria-label'))")
    pressed.sort(key=lambda said: said[-1])
    check(pressed == [f"Show {entries[0]} in pane A", f"Show {entries[1]} in pane B"],
          f"rows in panes: {pressed}")
    driver.run("""
        const kind = document.querySelector('#pane-b .kind');
        kind.value = [...kind.options].find((one) => one.text === 'assembly').value;
        kind.dispatchEvent(new Event('change', {bubbles: true}));""")
    text = pane(driver, "b")[2]
    check("</script>" in text and "vfmadd231ps" in text, f"assembly: {text[:80]}")
    spans = driver.run("return document.querySelectorAll('#pane-b .word').length")
    check(spans > 20, f"{spans} mnemonics are highlighted")
    check(pane(driver, "a")[2].startswith("// " + entries[0]), "the other pane changed")


# Text against what is behind it, by the formula of WCAG, for everything that is seen.
CONTRAST = """
const luminance = (rgb) => {
  const [r, g, b] = rgb.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (node) => {
  for (; node; node = node.parentElement) {
    const color = getComputedStyle(node).backgroundColor;
    if (!color.startsWith('rgba') || !color.endsWith(', 0)')) return color;
  }
  return 'rgb(255, 255, 255)';
};
const low = {};
for (const node of document.querySelectorAll('body *')) {
  const says = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
  if (!says || !node.getClientRects().length) continue;
  const style = getComputedStyle(node);
  const ink = luminance(node instanceof SVGElement ? style.fill : style.color);
  const paper = luminance(behind(node));
  const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  if (ratio < 4.5)
    low[node.tagName + '.' + (node.className.baseVal ?? node.className)] = ratio.toFixed(2);
}
return low;
"""
# The smallest text of plots on the screen, in pixels.
PLOT_TEXT = """
const sizes = [...document.querySelectorAll('.plot text')].filter((one) =>
    one.getClientRects().length).map((one) => {
  const svg = one.ownerSVGElement;
  return parseFloat(getComputedStyle(one).fontSize) * svg.getBoundingClientRect().width /
      svg.viewBox.baseVal.width;
});
return [sizes.length, Math.min(...sizes), Math.max(...sizes)];
"""
# Labels of plots that reach beyond the plot's container.
PLOT_OVERFLOW = """
return [...document.querySelectorAll('.plot text')].filter((one) => {
  if (!one.getClientRects().length) return false;
  const box = one.getBoundingClientRect(), fit = one.closest('.fit').getBoundingClientRect();
  return box.left < fit.left - 1 || box.right > fit.right + 1;
}).map((one) => one.textContent);
"""


def check_view(driver, url, width, height, scheme, folder):
    name = f"{width}-{scheme}"
    driver.view(width, height, scheme)
    driver.call("POST", "/url", {"url": url})
    overflow = driver.run("""
        const values = document.querySelectorAll('details');  // with wide tables
        for (const one of values) one.open = true;
        const overflow = document.documentElement.scrollWidth - innerWidth;
        for (const one of values) one.open = false;
        return overflow;""")
    check(overflow <= 0, f"{name}: the document is {overflow} px too wide")
    dark = driver.run("return getComputedStyle(document.body).backgroundColor") != \
        "rgb(255, 255, 255)"
    check(dark == (scheme == "dark"), f"{name}: dark is {dark}")
    low = driver.run(CONTRAST)
    check(not low, f"{name}: contrast below 4.5: {low}")
    count, smallest, largest = driver.run(PLOT_TEXT)
    check(count > 40 and 10.9 <= smallest and largest <= 16,
          f"{name}: text of plots has {smallest} to {largest} px ({count} texts)")
    outside = driver.run(PLOT_OVERFLOW)
    check(not outside, f"{name}: labels reach out of their plot: {outside}")
    if folder:
        driver.screenshot(os.path.join(folder, f"first-{name}.png"))
        driver.screenshot(os.path.join(folder, f"whole-{name}.png"), whole=True)
    check_tables(driver)
    check_panes(driver, width, height)
    if folder:
        driver.screenshot(os.path.join(folder, f"panes-{name}.png"))


def check_theme_button(driver, url):
    paper = {}
    for scheme in ("light", "dark"):
        driver.view(1600, 1000, scheme)
        driver.call("POST", "/url", {"url": url})
        for _ in range(3):
            driver.run("document.getElementById('theme').click()")
            theme, color = driver.run("""
                return [document.getElementById('theme').textContent,
                        getComputedStyle(document.body).backgroundColor];""")
            paper[scheme, theme] = color
    light, dark = paper.get(("light", "Theme: light")), paper.get(("dark", "Theme: dark"))
    check(light != dark and paper == {
        ("light", "Theme: light"): light, ("light", "Theme: dark"): dark,
        ("light", "Theme: auto"): light, ("dark", "Theme: light"): light,
        ("dark", "Theme: dark"): dark, ("dark", "Theme: auto"): dark}, f"the button: {paper}")


def check_requests(driver):
    asked = set()
    for entry in driver.logs("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.add(message["params"]["request"]["url"])
    check(any(url.startswith("file:") for url in asked), "requests are not seen at all")
    others = [url for url in asked if not url.startswith(("file:", "data:"))]
    check(not others, f"requests: {others}")
    complaints = [entry["message"] for entry in driver.logs("browser")]
    check(not complaints, f"console: {complaints}")


def check_large(driver, program, folder):
    page = os.path.join(folder, "large.html")
    subprocess.run([program, page, "300"], check=True)
    driver.call("POST", "/url", {"url": "file://" + page})
    milliseconds = driver.run("""
        const start = performance.now();
        document.querySelector('a[data-pane=b]').click();
        const kind = document.querySelector('#pane-b .kind');
        kind.value = 2;
        kind.dispatchEvent(new Event('change', {bubbles: true}));
        document.body.offsetHeight;
        return performance.now() - start;""")
    print(f"first pane of {os.path.getsize(page) / 1e6:.0f} MB: {milliseconds:.0f} ms")
    check(milliseconds < 2000, f"a pane of 300 entries takes {milliseconds} ms")


def main():
    program = os.path.abspath(sys.argv[1])
    screenshots = sys.argv[2] if len(sys.argv) > 2 else None
    chromedriver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if not chromedriver or not chromium:
        print("skipped: no chromium and chromedriver (Debian packages chromium, chromium-driver)")
        return 77
    if screenshots:
        os.makedirs(screenshots, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = os.path.join(folder, "page.html")
        subprocess.run([program, page], check=True)
        driver = Driver(chromedriver, os.path.join(folder, "profile"))
        try:
            for scheme in ("light", "dark"):
                for width, height in WIDTHS:
                    check_view(driver, "file://" + page, width, height, scheme, screenshots)
            check_theme_button(driver, "file://" + page)
            check_large(driver, program, folder)
            check_requests(driver)
        finally:
            driver.close()
    print(f"{len(FAILURES)} failures" if FAILURES else "the page works in Chromium")
    return 1 if FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())
