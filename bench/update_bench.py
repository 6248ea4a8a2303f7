#!/usr/bin/env python3
"""Whole updates over loopback: how the cost grows with the number of files, and beside other ways to
bring the same tree.

    bench/update_bench.py TOOL [--counts 100,1000,10000] [--original FOLDER]

TOOL is the built `ota`. FOLDER is a clone of github.com/0x687931/ota, whose client is then run by this
python on the same tree, from the same server. Times are wall-clock medians of three runs, on files that
lie in the page cache; read the ratios, not the seconds.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def make_repository(path, count):
    """`count` files of about 200 bytes in directories of 100, as one commit."""
    stream = []
    for i in range(count):
        body = f"value = {i}\n" * 16
        stream.append(f"blob\nmark :{i + 1}\ndata {len(body)}\n{body}\n")
    stream.append("commit refs/heads/main\ncommitter t <t@example.invalid> 0 +0000\ndata 1\nx\n")
    stream += [f"M 100644 :{i + 1} d{i // 100}/f{i}.py\n" for i in range(count)]
    subprocess.run(["git", "init", "-q", "-b", "main", path], check=True)
    subprocess.run(["git", "-C", path, "fast-import", "--quiet"], input="".join(stream).encode(),
                   check=True)


class Server:
    def __init__(self, tool, repository):
        self.process = subprocess.Popen([tool, "serve", "--port", "0", "--git", f"o/r={repository}"],
                                        stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def timed(action, runs=3):
    seconds = []
    for _ in range(runs):
        folder = pathlib.Path(tempfile.mkdtemp())
        start = time.perf_counter()
        action(folder)
        seconds.append(time.perf_counter() - start)
        shutil.rmtree(folder)
    return statistics.median(seconds)


ORIGINAL = """
import sys, types, json
sys.path.insert(0, {client!r})
import requests
import ota
base = {url!r}
def get(url, **options):
    url = url.replace("https://api.github.com", base).replace("https://raw.githubusercontent.com", base)
    return session.get(url, **{{k: v for k, v in options.items() if k != "stream"}}, stream=True)
session = requests.Session()
ota.requests = types.SimpleNamespace(get=get)
client = ota.OTA({{"owner": "o", "repo": "r", "channel": "developer", "branch": "main",
                  "reset_mode": "none", "ssid": "x", "password": "x"}})
client.connect = lambda *_, **__: None
client.update_if_available()
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tool")
    parser.add_argument("--counts", default="100,1000,10000")
    parser.add_argument("--original")
    arguments = parser.parse_args()
    tool = str(pathlib.Path(arguments.tool).resolve())

    print(f"{'files':>8} {'update':>9} {'a file':>10} {'list only':>10} {'git archive':>12} {'ratio':>7}")
    for count in (int(text) for text in arguments.counts.split(",")):
        work = pathlib.Path(tempfile.mkdtemp())
        repository = work / "repo"
        make_repository(repository, count)
        config = work / "config.json"
        config.write_text(json.dumps({"owner": "o", "repo": "r", "channel": "developer",
                                      "chunk": 4096}))
        with Server(tool, repository) as server:

            def update(folder, *more):
                subprocess.run([tool, "update", "--config", config, "--root", folder, "--api",
                                server.url, "--raw", server.url, *more], check=True,
                               stdout=subprocess.DEVNULL)

            def archive(folder):
                subprocess.run(f"git -C {repository} archive main | tar x -C {folder}", shell=True,
                               check=True)

            def original(folder):
                program = ORIGINAL.format(client=arguments.original, url=server.url)
                done = subprocess.run([sys.executable, "-c", program], cwd=folder,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                if done.returncode != 0 or not (folder / "d0/f0.py").exists():
                    sys.exit(f"the original client failed:\n{done.stdout[-2000:]}")

            runs = 3 if count < 50000 else 1
            ours = timed(update, runs)
            listing = timed(lambda folder: update(folder, "--state-only"), runs)
            tar = timed(archive, runs)
            print(f"{count:8} {ours:8.3f}s {ours / count * 1e6:8.0f}us {listing:9.3f}s {tar:11.3f}s "
                  f"{ours / tar:7.1f}")
            if arguments.original and count <= 1000:
                theirs = timed(original, 1)
                print(f"{'':8} the original client: {theirs:.3f}s, {theirs / ours:.1f} times ours")
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
