// The development server, asked by python and curl, against git and GitHub's recorded answers.

#include <gtest/gtest.h>

#include <fstream>

#include "support/process.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define OTA_TEST_UNDER_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OTA_TEST_UNDER_SANITIZER
#endif
#endif

namespace {

using namespace ota_test;

const std::string ota = OTA_TOOL;

// What the checks below share: `get` follows no redirect and raises nothing.
constexpr const char* prelude = R"py(
import base64, hashlib, json, os, subprocess, sys, urllib.error, urllib.request
base, repo = sys.argv[1], sys.argv[2]
class stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *given): return None
opener = urllib.request.build_opener(stay)
def get(path, method="GET", **headers):
    url = path if path.startswith("http") else base + path
    asked = urllib.request.Request(url, method=method, headers={"User-Agent": "t",
        **{name.replace("_", "-"): value for name, value in headers.items()}})
    try:
        answer = opener.open(asked)
    except urllib.error.HTTPError as failed:
        answer = failed
    answer.data = answer.read()
    return answer
def doc(path, **headers):
    answer = get(path, **headers)
    assert answer.status == 200, (path, answer.status, answer.data)
    return json.loads(answer.data)
def git(*args): return subprocess.check_output(["git", "-C", repo, *args])
def line(*args): return git(*args).decode().strip()
def same(got, expected): assert got == expected, (got, expected)
api = "/repos/o/r"
)py";

struct serve : ::testing::Test {
  scratch_folder here;
  std::string repository = here / "repo";

  void SetUp() override {
    const auto made = run(
        "set -e; git init -q -b main " + repository + "; cd " + repository +
        "; git config user.name t; git config user.email t@example.invalid; "
        "mkdir -p lib/deep 'with space'; echo one > a.txt; : > lib/empty; "
        "printf '#!/bin/sh\\n' > run.sh; chmod +x run.sh; ln -s a.txt link; "
        "head -c 300000 /dev/urandom > lib/deep/big.bin; echo s > 'with space/x y#?%.txt'; "
        "echo u > 'with space/\xc3\xa9.txt'; git add .; git commit -qm one; git branch feature/x; "
        "git tag -a v1.9 -m 'Notes of nine'; git tag -a nested -m n v1.9; echo two > a.txt; "
        "git add a.txt; git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub; "
        "git commit -qm two; git tag v1.10; git tag v2.0-rc1; cd ..; mkdir -p assets/v1.10; "
        "head -c 5000 /dev/urandom > 'assets/v1.10/a b.bin'; echo {} > assets/v1.10/manifest.json; "
        "mkdir files; echo inside > files/f; ln -s ../repo/a.txt files/out; ln -s f files/in");
    ASSERT_EQ(made.code, 0) << made.out;
  }

  std::string command(const std::string& options = "") const {
    return ota + " serve --port 0 --git o/r=" + repository + " --assets o/r=" + (here / "assets") +
           " --files " + (here / "files") + " " + options;
  }

  // Runs checks in python; what it says of a failure.
  std::string python(const server& github, const std::string& checks) const {
    std::ofstream(here / "checks.py") << prelude << checks;
    return run("PYTHONIOENCODING=utf-8 " OTA_PYTHON " " + (here / "checks.py") + " " +
               github.url() + " " + repository + " " OTA_TEST_DATA_DIR " " + here.path())
        .out;
  }
};

TEST_F(serve, lists_and_serves_what_git_has) {
  const server github(command());
  EXPECT_EQ(python(github, R"py(
import urllib.parse
for what in ("main", "v1.9", "feature/x", line("rev-parse", "main"), line("rev-parse", "main^{tree}")):
    listed = doc(api + "/git/trees/" + what + "?recursive=1")
    same(listed["truncated"], False)
    expected = git("ls-tree", "-r", "-t", "-l", "-z", what).decode().split("\0")[:-1]
    ours = ["%s %s %s %7s\t%s" % (e["mode"], e["type"], e["sha"], e.get("size", "-"), e["path"])
            for e in listed["tree"]]
    same(ours, expected)
plain = [e["path"] for e in doc(api + "/git/trees/main")["tree"]]
same(plain, git("ls-tree", "--name-only", "-z", "main").decode().split("\0")[:-1])
for ref in ("main", "feature/x", "v1.9", "v1.10", line("rev-parse", "v1.9^{commit}"), "refs/heads/main"):
    for e in git("ls-tree", "-r", "-z", ref).decode().split("\0")[:-1]:
        head, path = e.split("\t")
        mode, kind, sha = head.split()
        if kind != "blob": continue
        for raw in ("", "/raw"):
            data = get(raw + "/o/r/" + ref + "/" + urllib.parse.quote(path)).data
            same(hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest(), sha)
        blob = doc(api + "/git/blobs/" + sha)
        same(base64.b64decode(blob["content"]), data)
        same(get(api + "/git/blobs/" + sha, Accept="application/vnd.github.raw").data, data)
for path in ("main/absent", "main/lib", "main/sub", "absent/a.txt", "main/a.txt/x", "main/a.txt/", "main~0/a.txt"):
    same(get("/o/r/" + path).status, 404)
)py"),
            "");
}

TEST_F(serve, gives_a_tree_equal_to_git_archive) {
  const server github(command());
  EXPECT_EQ(python(github, R"py(
import io, tarfile, urllib.parse
archive = tarfile.open(fileobj=io.BytesIO(git("archive", "main")))
files = {m.name: m for m in archive.getmembers() if m.isfile()}
tree = {e["path"]: e for e in doc(api + "/git/trees/main?recursive=1")["tree"] if e["type"] == "blob"}
same(sorted(files), sorted(p for p, e in tree.items() if e["mode"] != "120000"))
for name, member in files.items():
    same(get("/o/r/main/" + urllib.parse.quote(name)).data, archive.extractfile(member).read())
    same(tree[name]["mode"] == "100755", bool(member.mode & 0o100))
)py"),
            "");
}

TEST_F(serve, tells_of_releases_references_and_commits) {
  const server github(command());
  EXPECT_EQ(python(github, R"py(
latest = doc(api + "/releases/latest")
same((latest["tag_name"], latest["prerelease"]), ("v1.10", False))
same(doc(api + "/releases/tags/v2.0-rc1")["prerelease"], True)
same(doc(api + "/releases/tags/v1.9")["body"], "Notes of nine")
same(get(api + "/releases/tags/v9").status, 404)
found = get("/o/r/releases/latest")
same((found.status, found.headers["Location"]), (302, base + "/o/r/releases/tag/v1.10"))
asset = {a["name"]: a for a in latest["assets"]}["a b.bin"]
data = open(sys.argv[4] + "/assets/v1.10/a b.bin", "rb").read()
same((asset["size"], asset["digest"]), (5000, "sha256:" + hashlib.sha256(data).hexdigest()))
octets = "application/octet-stream"
same(doc(asset["url"].replace(base, ""))["id"], asset["id"])
# A file that is made anew has another digest.
manifest = sys.argv[4] + "/assets/v1.10/manifest.json"
for text in (b"{}\n", b"[]\n", b"[1]\n"):
    open(manifest, "wb").write(text)
    made = {a["name"]: a for a in doc(api + "/releases/latest")["assets"]}["manifest.json"]
    same((made["size"], made["digest"]), (len(text), "sha256:" + hashlib.sha256(text).hexdigest()))
for moved in (get(asset["url"], Accept=octets), get(asset["browser_download_url"]),
              get("/o/r/releases/latest/download/a%20b.bin")):
    same(moved.status, 302)
    target = moved.headers["Location"]
    assert len(target) > 1024 and target.startswith("http://localhost:"), target
    same(get(target).data, data)
    same(get(target, Authorization="token x").status, 400)
ref = doc(api + "/git/ref/tags/v1.9")
same((ref["object"]["type"], ref["object"]["sha"]), ("tag", line("rev-parse", "v1.9")))
tag = doc(api + "/git/tags/" + ref["object"]["sha"])
same((tag["object"]["type"], tag["object"]["sha"]), ("commit", line("rev-parse", "v1.9^{commit}")))
same(doc(api + "/git/tags/" + line("rev-parse", "nested"))["object"]["type"], "tag")
same(doc(api + "/git/ref/heads/feature/x")["object"]["sha"], line("rev-parse", "feature/x"))
for absent in ("heads/feature", "heads/mai", "tags/v1", "heads/main~0"):
    same(get(api + "/git/ref/" + absent).status, 404)
tip = line("rev-parse", "main")
for name in ("main", "heads/main", "v1.10", tip): same(doc(api + "/commits/" + name)["sha"], tip)
same(get(api + "/commits/main", Accept="application/vnd.github.sha").data.decode(), tip)
one = doc(api + "/git/commits/" + tip)
same(one["tree"]["sha"], line("rev-parse", "main^{tree}"))
same([p["sha"] for p in one["parents"]], line("log", "-1", "--format=%P").split())
same((one["author"]["name"], one["message"]), ("t", "two"))
)py"),
            "");
}

TEST_F(serve, lists_references_as_git_does) {
  const server github(command());
  EXPECT_EQ(python(github, R"py(
def refs(pattern=""):
    text = line("for-each-ref", "--format=%(refname) %(objecttype) %(objectname)")
    return [one.split() for one in text.split("\n") if one.startswith("refs/" + pattern)]
def told(found): return [[r["ref"], r["object"]["type"], r["object"]["sha"]] for r in found]
for prefix in ("", "heads", "heads/", "heads/f", "heads/feature/x", "tags/", "tags/v1", "tags/none"):
    same(told(doc(api + "/git/matching-refs/" + prefix)), refs(prefix))
same(told(doc(api + "/git/refs")), refs())
same(told(doc(api + "/git/refs/")), refs())
same(told(doc(api + "/git/refs/tags/v1")), refs("tags/v1"))
for name in ("heads/main", "heads/feature/x", "tags/v1.9", "tags/v1.10"):
    one = doc(api + "/git/refs/" + name)
    same(told([one]), [r for r in refs() if r[0] == "refs/" + name])
    same(one, doc(api + "/git/ref/" + name))
    same(doc(one["url"].replace(base, "")), one)
    doc(one["object"]["url"].replace(base, ""))
same(get(api + "/git/refs/heads/none").status, 404)
branches = doc(api + "/branches")
same([(b["name"], b["commit"]["sha"]) for b in branches],
     [(n, line("rev-parse", n)) for n in ("feature/x", "main")])
for b in branches:
    one = doc(api + "/branches/" + b["name"])
    same((one["name"], one["protected"]), (b["name"], False))
    same(one["commit"], doc(b["commit"]["url"].replace(base, "")))
    same(doc(one["_links"]["self"].replace(base, "")), one)
same(get(api + "/branches/none").status, 404)
same(get(api + "/branches/v1.9").status, 404)
tags = doc(api + "/tags")
same([t["name"] for t in tags], line("tag", "--sort=-version:refname").split("\n"))
for t in tags: same(t["commit"]["sha"], line("rev-parse", t["name"] + "^{commit}"))
)py"),
            "");
}

TEST_F(serve, lists_commits_as_git_does) {
  const auto made =
      run("cd " + repository +
          " && for i in 1 2 3 4 5; do echo $i > 'with space/n'; git add .; "
          "GIT_COMMITTER_DATE=\"2001-01-0$i 00:00:00 +0000\" git commit -qm $i; done");
  ASSERT_EQ(made.code, 0) << made.out;
  const server github(command());
  EXPECT_EQ(python(github, R"py(
import re
def log(*args): return line("log", "--format=%H", *args).split("\n")
def ids(query): return [c["sha"] for c in doc(api + "/commits" + query)]
same(ids(""), log())
same(ids("?sha=v1.9"), log("v1.9"))
same(ids("?sha=feature%2Fx"), log("feature/x"))
same(ids("?path=with%20space"), log("--", "with space"))
same(ids("?path=*"), [])
same(ids("?since=2001-01-03T00:00:00Z&until=2001-01-04T00:00:00Z"), log("--skip=1", "-2"))
same(doc(api + "/commits")[0], doc(api + "/commits/main"))
same(get(api + "/commits?sha=none").status, 404)
# Page by page, by the addresses that the server gives.
seen, url, pages = [], base + api + "/commits?per_page=2&page=1&sha=main", 0
while url:
    answer = get(url)
    seen += [c["sha"] for c in json.loads(answer.data)]
    links = {rel: to for to, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["Link"] or "")}
    pages += 1
    same(sorted(links), {1: ["last", "next"], 2: ["first", "last", "next", "prev"],
                         3: ["first", "last", "next", "prev"], 4: ["first", "prev"]}[pages])
    if "last" in links: assert links["last"].endswith("page=4"), links
    url = links.get("next")
same((seen, pages), (log(), 4))
same(ids("?page=9"), [])
same(get(api + "/commits").headers["Link"], None)
subprocess.check_call(["git", "-C", repo, "symbolic-ref", "HEAD", "refs/heads/none"])
same(get(api + "/commits").status, 409)
)py"),
            "");
}

TEST_F(serve, lists_releases_and_follows_its_own_addresses) {
  const server github(command());
  EXPECT_EQ(python(github, R"py(
import io, tarfile, zipfile
releases = doc(api + "/releases")
same(sorted(r["tag_name"] for r in releases), sorted(line("tag").split("\n")))
times = [r["created_at"] for r in releases]
same(times, sorted(times, reverse=True))
same([r["tag_name"] for n in range(1, 6) for r in doc(api + "/releases?per_page=1&page=%d" % n)],
     [r["tag_name"] for r in releases])
# An archive holds the files that git has.
def archive(url):
    moved = get(url)
    same(moved.status, 302)
    return get(moved.headers["Location"])
def files_of(ref): return {e.split("\t")[1] for e in line("-c", "core.quotePath=0", "ls-tree", "-r", ref).split("\n")}
for r in releases:
    same(doc(r["url"].replace(base, "")), r)
    same(doc(api + "/releases/tags/" + r["tag_name"]), r)
    same(doc(r["assets_url"].replace(base, "")), r["assets"])
    same(get(r["html_url"]).status, 200)
    same(get(r["author"]["url"]).status, 200)
    commit = line("rev-parse", r["tag_name"] + "^{commit}")
    got = archive(r["tarball_url"])
    same(got.headers["Content-Disposition"], "attachment; filename=o-r-%s.tar.gz" % commit[:7])
    names = set(tarfile.open(fileobj=io.BytesIO(got.data)).getnames())
    assert {"o-r-%s/%s" % (commit[:7], n) for n in files_of(commit)} <= names, names
    zipped = zipfile.ZipFile(io.BytesIO(archive(r["zipball_url"]).data))
    same(zipped.read("o-r-%s/a.txt" % commit[:7]), git("show", commit + ":a.txt"))
for t in doc(api + "/tags"): same(archive(t["tarball_url"]).status, 200)
same(archive(api + "/tarball").data, archive(api + "/tarball/main").data)
for path in ("/releases/1", "/releases/x", "/releases/%d/x" % releases[0]["id"], "/tarball/none", "/zipball/a/b"):
    same(get(api + path).status, 404)
one = doc(api)
same((one["full_name"], one["default_branch"], one["private"]), ("o/r", "main", False))
same(get(one["owner"]["url"]).status, 200)
for name in ("branches", "tags", "commits", "releases", "contents", "git_refs"):
    same(get(one[name + "_url"].split("{")[0]).status, 200)
for ref, folder in (("main", "lib"), ("main", "with%20space"), ("v1.9", "lib/deep"), ("feature/x", ""),
                    (line("rev-parse", "main"), "lib/"), (line("rev-parse", "main^{tree}"), "lib")):
    listed = doc(api + "/git/trees/" + ref + ":" + folder)
    expected = line("rev-parse", ref + ":" + folder.replace("%20", " ").rstrip("/"))
    same(listed["sha"], expected)
    names = git("ls-tree", "--name-only", "-z", expected).decode().split("\0")[:-1]
    same([e["path"] for e in listed["tree"]], names)
for absent in ("main:none", "main:a.txt", "none:lib", "main:sub"):
    same(get(api + "/git/trees/" + absent).status, 404)
)py"),
            "");
}

TEST_F(serve, has_the_members_of_recorded_answers) {
  const server github(command());
  EXPECT_EQ(python(github, R"py(
def recorded(name, method, part):
    for one in json.load(open(sys.argv[3] + "/github/" + name)):
        if one["method"] == method and part in one["path"] and isinstance(one["response"], (dict, list)):
            return one["response"]
    raise KeyError(part)
def covers(ours, theirs, at):
    if isinstance(theirs, list) and theirs and ours: covers(ours[0], theirs[0], at + "[]")
    if not isinstance(theirs, dict): return
    for key, value in theirs.items():
        assert key in ours, at + "." + key
        if value is not None and ours[key] is not None:
            same((at, key, type(ours[key])), (at, key, type(value)))
        covers(ours[key], value, at + "." + key)
covers(doc(api + "/releases/latest"), recorded("release-assets.json", "get", "/releases/tags/"), "release")
covers(doc(api + "/releases/latest")["assets"][0],
       recorded("release-assets.json", "post", "/assets?name="), "asset")
covers(doc(api + "/releases"), [recorded("release-assets.json", "get", "/releases/tags/")], "releases")
theirs = recorded("get-repository.json", "get", "/repos/")
kept = ("allow_", "delete_branch", "use_squash", "organization", "temp_clone_token")
covers(doc(api), {k: v for k, v in theirs.items() if not k.startswith(kept)}, "repository")
covers(doc(api + "/git/refs/"), recorded("git-refs.json", "get", "/git/refs/"), "refs")
covers(doc(api + "/git/ref/heads/main"), recorded("git-refs.json", "post", "/git/refs"), "ref")
listed = recorded("get-content.json", "get", "/contents/")
files = [e for e in doc(api + "/contents/") if e["type"] == "file"]
covers(files, listed, "contents")
covers(doc(api + "/contents/a.txt?ref=main"), listed[0], "content")
kinds = {e["name"]: e["type"] for e in doc(api + "/contents/")}
same((kinds["link"], kinds["sub"], kinds["lib"]), ("symlink", "submodule", "dir"))
same(base64.b64decode(doc(api + "/contents/a.txt?ref=v1.9")["content"]), b"one\n")
same(doc(api + "/contents/link")["target"], "a.txt")
)py"),
            "");
}

TEST_F(serve, follows_http_as_github_does) {
  const server github(command());
  EXPECT_EQ(python(github, R"py(
for path, weak in ((api + "/git/ref/heads/main", True), (api + "/git/trees/main?recursive=1", True),
                   ("/o/r/main/lib/deep/big.bin", False)):
    first = get(path)
    etag = first.headers["ETag"]
    same(etag.startswith("W/"), weak)
    again = get(path, If_None_Match=etag)
    same((again.status, again.data), (304, b""))
    same(get(path, If_None_Match='"other"').status, 200)
    head = get(path, method="HEAD")
    same((head.status, head.data, head.headers["ETag"]), (200, b"", etag))
    assert len(first.headers["Content-Security-Policy"]) > 3500
limits = get(api + "/git/ref/heads/main").headers
assert all(limits["X-RateLimit-" + n] for n in ("Limit", "Remaining", "Used", "Reset", "Resource"))
absent = get("/repos/o/x/releases/latest")
same((absent.status, json.loads(absent.data)["message"]), (404, "Not Found"))
same(get("/o/r/main/a.txt", User_Agent="").status, 403)
path = "/o/r/main/lib/deep/big.bin"
whole = get(path)
part = get(path, Range="bytes=1000-", If_Range=whole.headers["ETag"])
same((part.status, part.headers["Content-Range"]), (206, "bytes 1000-299999/300000"))
same(part.data, whole.data[1000:])
same(get(path, Range="bytes=1000-", If_Range='"x"').data, whole.data)
same(get(path, Range="bytes=300000-").status, 416)
same(get("/files/f").data, b"inside\n")
same(get("/files/in").data, b"inside\n")
for outside in ("out", "../repo/a.txt", "%2e%2e/repo/a.txt", "", "f/", "%00"):
    same(get("/files/" + outside).status, 404)
)py"),
            "");
}

TEST_F(serve, takes_names_in_any_case_and_whole_targets) {
  const server github(command());
  EXPECT_EQ(python(github, R"py(
import http.client, urllib.parse
for path in ("/repos/O/R/releases/latest", "/O/r/main/a.txt", "/raw/o/R/main/a.txt"):
    same(get(path).status, 200)
same(get("/o/r/Main/a.txt").status, 404)
same(doc("/repos/O/R/releases/latest")["url"], doc(api + "/releases/latest")["url"])
proxy = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc)
def through(target):
    proxy.request("GET", target, headers={"User-Agent": "t"})
    answer = proxy.getresponse()
    return answer.status, answer.read()
same(through("http://git.example:81/o/r/main/a.txt"), (200, b"two\n"))
status, text = through("http://git.example:81" + api + "/releases/latest")
same(json.loads(text)["url"].split("/releases")[0], "http://git.example:81" + api)
same(through("http://git.example")[0], 404)
same(through("ftp://git.example/")[0], 400)
)py"),
            "");
}

TEST_F(serve, resumes_with_curl) {
  if (run("curl --version").code != 0) GTEST_SKIP() << "curl is not installed";
  const server github(command());
  const std::string url = github.url() + "/o/r/main/lib/deep/big.bin", got = here / "got";
  ASSERT_EQ(run("curl -sf -r 0-99999 -o " + got + " " + url).code, 0);
  ASSERT_EQ(run("curl -sf -C - -o " + got + " " + url).code, 0);
  EXPECT_EQ(run("cmp " + got + " " + repository + "/lib/deep/big.bin").out, "");
  EXPECT_EQ(run("curl -sfL -o " + got + " -w %{num_redirects} " + github.url() +
                "/o/r/releases/download/v1.10/a%20b.bin")
                .out,
            "1");
  EXPECT_EQ(run("cmp " + got + " '" + (here / "assets/v1.10/a b.bin") + "'").out, "");
}

TEST_F(serve, needs_no_memory_for_a_large_file) {
  const auto made = run("cd " + repository +
                        " && head -c 104857600 /dev/urandom > large && git add large && "
                        "git -c core.looseCompression=0 commit -qm large");
  ASSERT_EQ(made.code, 0) << made.out;
#ifdef OTA_TEST_UNDER_SANITIZER
  const std::string limit = "limit = 1 << 30\n";
#else
  const std::string limit = "limit = 30 << 20\n";
#endif
  const server github(command());
  EXPECT_EQ(python(github, limit + R"py(
import concurrent.futures, socket, urllib.parse
def is_ours(pid):
    try:
        words = open("/proc/%s/cmdline" % pid, "rb").read().split(b"\0")
    except OSError:
        return False
    return b"serve" in words and ("o/r=" + repo).encode() in words
(server,) = [pid for pid in os.listdir("/proc") if pid.isdigit() and is_ours(pid)]
def peak():
    (line,) = [one for one in open("/proc/%s/status" % server) if one.startswith("VmHWM")]
    return int(line.split()[1]) << 10
def digest(path, **headers):
    asked = urllib.request.Request(base + path, headers={"User-Agent": "t", **headers})
    got = hashlib.sha256()
    with opener.open(asked) as answer:
        for piece in iter(lambda: answer.read(1 << 20), b""): got.update(piece)
    return got.hexdigest()
large = open(repo + "/large", "rb").read()
sha = line("rev-parse", "main:large")
whole = hashlib.sha256(large).hexdigest()
same(digest("/o/r/main/large"), whole)
with concurrent.futures.ThreadPoolExecutor(4) as four:
    same(list(four.map(digest, ["/o/r/main/large"] * 4)), [whole] * 4)
same(digest("/o/r/main/large", Range="bytes=99000000-"), hashlib.sha256(large[99000000:]).hexdigest())
same(digest("/o/r/main/large", Range="bytes=5-90000004"), hashlib.sha256(large[5:90000005]).hexdigest())
raw = {"Accept": "application/vnd.github.raw"}
same(digest(api + "/git/blobs/" + sha, **raw), whole)
same(digest(api + "/contents/large", **raw), whole)
same(doc(api + "/contents/large")["encoding"], "none")
same(get("/o/r/main/large", method="HEAD").headers["Content-Length"], str(len(large)))
same(base64.b64decode(doc(api + "/git/blobs/" + sha)["content"]), large)
same(get(api + "/git/tags/" + sha).status, 404)
same(get(api + "/git/trees/" + sha).status, 404)
# Those who go away in the middle leave nothing behind for those who come.
for taken in (1, 70000, 50000000):
    for left in (taken, taken, taken):
        gone = socket.create_connection(urllib.parse.urlsplit(base).netloc.split(":"))
        gone.sendall(b"GET /o/r/main/large HTTP/1.1\r\nHost: h\r\nUser-Agent: t\r\n\r\n")
        while left > 0: left -= len(gone.recv(min(left, 1 << 20)))
        gone.close()
        same(get("/o/r/main/a.txt").data, b"two\n")
assert peak() < limit, peak()
)py"),
            "");
}

TEST_F(serve, hides_a_private_repository) {
  const server github(command("--token secret"));
  EXPECT_EQ(python(github, R"py(
places = (api + "/releases/latest", api + "/git/trees/main", "/o/r/main/a.txt", "/raw/o/r/main/a.txt")
for path in places:
    same((get(path).status, get(path, Authorization="").status), (404, 404))
    for wrong in ("token wrong", "token secre", "token secret2", "Basic secret"):
        refused = get(path, Authorization=wrong)
        if not path.startswith("/repos"):
            same(refused.status, 404)
            continue
        same((refused.status, json.loads(refused.data)["message"]), (401, "Bad credentials"))
    for right in ("token secret", "Bearer secret", "TOKEN secret"):
        same(get(path, Authorization=right).status, 200)
same(get("/repos/o/x", Authorization="token wrong").status, 401)
# The web site takes no tokens; the API's asset address does.
same(get("/o/r/releases/latest", Authorization="token secret").status, 404)
asset = doc(api + "/releases/latest", Authorization="token secret")["assets"][0]
same(get(asset["browser_download_url"], Authorization="token secret").status, 404)
moved = get(asset["url"], Authorization="token secret", Accept="application/octet-stream")
same((moved.status, get(moved.headers["Location"]).status), (302, 200))
same(get(api).status, 404)
same(doc(api, Authorization="token secret")["private"], True)
same(doc("/rate_limit", Authorization="token secret")["rate"]["limit"], 5000)
same(get("/rate_limit", Authorization="token wrong").status, 401)
moved = get(api + "/tarball/main", Authorization="token secret").headers["Location"]
same((get(moved).status, get(moved.split("?")[0]).status), (200, 404))
same(get(moved.replace("heads", "tags").replace("main", "v1.9")).status, 404)
)py"),
            "");
}

TEST_F(serve, limits_requests_without_a_token) {
  const server github(command("--rate-limit 3"));
  EXPECT_EQ(python(github, R"py(
import time
path = api + "/git/ref/heads/main"
etag = get(path).headers["ETag"]
same(get(path, If_None_Match=etag).headers["X-RateLimit-Remaining"], "1")
same((get(path).status, get(path).status), (200, 403))
limited = get(path)
same(limited.headers["X-RateLimit-Remaining"], "0")
assert time.time() < int(limited.headers["X-RateLimit-Reset"]) <= time.time() + 3601
same(get("/o/r/main/a.txt").status, 200)
# To ask how much is left costs nothing.
left = doc("/rate_limit")
same((left["rate"]["limit"], left["rate"]["used"], left["rate"]["remaining"]), (3, 3, 0))
same((left["resources"]["core"], str(left["rate"]["reset"])),
     (left["rate"], limited.headers["X-RateLimit-Reset"]))
)py"),
            "");
}

TEST_F(serve, does_wrong_on_purpose) {
  const server truncated(command("--fault truncate=3,chunked,norange"));
  EXPECT_EQ(python(truncated, R"py(
some = doc(api + "/git/trees/main?recursive=1")
same((some["truncated"], len(some["tree"])), (True, 3))
same(doc(api + "/git/trees/main")["truncated"], False)
part = get("/o/r/main/a.txt", Range="bytes=1-")
same((part.status, part.data, part.headers["Transfer-Encoding"]), (200, b"two\n", "chunked"))
)py"),
            "");
  const server expiring(command("--fault redirect,expire"));
  EXPECT_EQ(python(expiring, R"py(
target = get("/o/r/main/a.txt").headers["Location"]
same((get(target).data, get(target).status), (b"two\n", 403))
)py"),
            "");
}

TEST_F(serve, ends_when_told_and_refuses_wrong_usage) {
  EXPECT_EQ(run("timeout -s TERM --preserve-status 1 " + command() + " > /dev/null").code, 0);
  for (const char* wrong : {"--port x", "--port 65536", "--port 0 --git o=r", "--port 0 --git o/r",
                            "--port 0 --fault nonsense", "--port 0 --fault drop=2", ""})
    EXPECT_EQ(run(ota + " serve " + wrong).code, 2) << wrong;
  for (const char* failing :
       {"--git o/r=/nonexistent", "--files /nonexistent", "--assets o/x=/tmp", "--address nowhere"})
    EXPECT_EQ(run(ota + " serve --port 0 " + failing).code, 1) << failing;
}

}  // namespace
