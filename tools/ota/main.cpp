// The command line of `ota`: which commands there are, and which options each of them takes.

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "command.hpp"

#ifndef OTA_VERSION
#define OTA_VERSION "0.1.0"
#endif

namespace ota_tool {
namespace {

struct command {
  const char* name;
  const char* summary;
  /// Options, separated by spaces: `name=` takes a value, `name=*` any number of values at once,
  /// `name=!` must be given, `name` is a flag.
  const char* options;
  int (*run)(const arguments&);
  /// What else there is to know.
  const char* notes = "";
};

const char manifest_notes[] = R"(
--include   globs from the root: *.py, lib/**/*.py; a directory stands for all in it
--exclude   globs for the end of a path; a directory that one matches is left out as a
            whole; otherwise .git* .ota_* __pycache__ *.pyc *.pyo
--file-list, --deletes   text files, a path a line; # begins a comment
--version, --hmac-key    otherwise from GITHUB_REF_NAME and MANIFEST_KEY
--out       the manifest, manifest.json otherwise; it is never listed itself
Hidden files are left out, since devices refuse them. docs/manifest.md says what differs
from manifest_gen.py of 0x687931/ota.
)";

const char update_notes[] = R"(
--ca-file   certificate authorities in PEM that https trusts, instead of the system's
--pin       sha256/BASE64 of a public key that the server's chain must hold; may be repeated
docs/configuration.md describes the configuration, docs/tls.md what https checks.
)";

const command commands[] = {
    {"update", "be a device rooted at --root: check, stage, verify, swap",
     "config=! root= api= raw= ca-file= pin= state-only now json", run_update, update_notes},
    {"boot", "what a start of the device does", "root= json", run_boot},
    {"confirm", "keep the version that is on trial", "root= json", run_confirm},
    {"rollback", "put the earlier version back", "root= json", run_rollback},
    {"status", "show the installed version and its state", "root= json", run_status},
    {"serve", "a development server with GitHub's API over Git repositories",
     "port=! address= git= assets= files= token= rate-limit= fault= log", run_serve},
    {"manifest", "make a manifest of the files below --root",
     "root= version= out= hmac-key= key= file-list= include=* exclude=* deletes= post-update= "
     "rollback=",
     run_manifest, manifest_notes},
};

void print_usage(std::FILE* to) {
  std::fprintf(to, "usage: ota COMMAND [OPTIONS]\n\n");
  for (const command& one : commands) std::fprintf(to, "  %-10s %s\n", one.name, one.summary);
  std::fprintf(to,
               "\nota COMMAND --help lists the options. Results: 0 done or nothing to do, 1 "
               "failed, 2 wrong usage.\n");
}

struct option {
  std::string name;
  bool takes_value = false;
  bool takes_many = false;
  bool required = false;
};

std::vector<option> options_of(const command& one) {
  std::vector<option> list;
  std::string word;
  for (const char* at = one.options;; ++at) {
    if (*at != ' ' && *at != '\0') {
      word += *at;
      continue;
    }
    option next;
    const auto equals = word.find('=');
    next.name = word.substr(0, equals);
    next.takes_value = equals != std::string::npos;
    next.takes_many = !word.empty() && word.back() == '*';
    next.required = !word.empty() && word.back() == '!';
    if (!word.empty()) list.push_back(next);
    word.clear();
    if (*at == '\0') return list;
  }
}

void print_options(const command& one) {
  std::printf("usage: ota %s", one.name);
  for (const option& each : options_of(one)) {
    const std::string text = "--" + each.name +
                             (each.takes_many    ? " VALUE..."
                              : each.takes_value ? " VALUE"
                                                 : "");
    std::printf(each.required ? " %s" : " [%s]", text.c_str());
  }
  std::printf("\n%s\n%s", one.summary, one.notes);
}

int wrong_usage(const std::string& what) {
  std::fprintf(stderr, "ota: %s\n", what.c_str());
  print_usage(stderr);
  return 2;
}

int run(const command& one, int argc, char** argv) {
  const std::vector<option> known = options_of(one);
  arguments given;
  for (int i = 2; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--help" || name == "-h") {
      print_options(one);
      return 0;
    }
    if (name.compare(0, 2, "--") != 0) return wrong_usage("unexpected argument: " + name);
    name.erase(0, 2);
    const auto equals = name.find('=');
    const bool has_value = equals != std::string::npos;
    std::string value = has_value ? name.substr(equals + 1) : std::string();
    name.resize(has_value ? equals : name.size());
    const option* found = nullptr;
    for (const option& each : known)
      if (each.name == name) found = &each;
    if (found == nullptr) return wrong_usage(std::string(one.name) + ": unknown option --" + name);
    if (found->takes_many && !has_value) {
      given.mention(name);
      while (i + 1 < argc && argv[i + 1][0] != '-') given.add(name, argv[++i]);
      continue;
    }
    if (found->takes_value && !has_value) {
      if (++i == argc) return wrong_usage("--" + name + " needs a value");
      value = argv[i];
    }
    if (!found->takes_value && has_value) return wrong_usage("--" + name + " takes no value");
    given.add(name, value);
  }
  for (const option& each : known)
    if (each.required && !given.has(each.name))
      return wrong_usage(std::string(one.name) + " needs --" + each.name);
  return one.run(given);
}

}  // namespace
}  // namespace ota_tool

namespace ota_tool {
namespace {

int run(int argc, char** argv) {
  const std::string name = argc < 2 ? std::string() : argv[1];
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(stdout);
    return 0;
  }
  if (name == "--version") {
    std::printf("ota %s\n", OTA_VERSION);
    return 0;
  }
  try {
    for (const command& one : commands)
      if (name == one.name) return run(one, argc, argv);
  } catch (const usage_error& wrong) {
    return wrong_usage(wrong.what());
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "ota: %s\n", failure.what());
    return 1;
  }
  return wrong_usage(name.empty() ? "a command is needed" : "unknown command: " + name);
}

}  // namespace
}  // namespace ota_tool

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is told like any full storage
  const int result = ota_tool::run(argc, argv);
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return result;
  std::fprintf(stderr, "ota: cannot write to standard output\n");
  return 1;
}
