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
  const char* name;  ///< one word or two
  const char* summary;
  /// Options, separated by spaces: `name=` takes a value, `name=*` any number of values at once,
  /// `name=!` must be given, `name` is a flag. `FILE` is a value without a name, and must be given.
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
--out       the manifest, manifest.json or manifest.ota otherwise; never listed itself
Hidden files are left out, since devices refuse them. docs/manifest.md says what differs
from manifest_gen.py of 0x687931/ota.

--base      folders with earlier versions; patches from them are made and listed, for devices
            that take patches (docs/delta-updates.md)
--deltas    where they are put; .deltas below the root otherwise. They must be in the release
--map, --literals, --code   what they may need of a device, as to delta make

--key       secret keys; the manifest is then a signed one (docs/signed-updates.md), and has
--product, --hardware    what it is for: `default`, and any hardware, otherwise
--minimum   version that a device must have before
--counter   of security: devices never take a lower one again; 0 otherwise
--expires   days, or never; 365 otherwise
--created   seconds since 1970; now otherwise
--chain     root documents, for devices that know the first one
--image     NAME=FILE, a firmware image: for devices that take one of that name, and ask for it
            at that path of the release
)";

const char key_notes[] = R"(
A passphrase comes from --passphrase-file, or from the environment variable OTA_PASSPHRASE.
docs/keys.md describes the files.
)";

const char sign_notes[] = R"(
FILE stands before --key, which takes several. Its signatures are added to those that there are.
--out       the result: FILE itself for signed documents, FILE.sig for others, otherwise
--minisign  a file that minisign verifies, FILE.minisig, by one key; says how
A passphrase is given as to keygen.
)";

const char image_send_notes[] = R"(
--port      serial device, such as /dev/ttyACM0, or unix:PATH for a Unix socket
--baud      115200 otherwise
A transfer that broke off goes on where the device has the image. docs/serial.md has the protocol.
)";

const char root_notes[] = R"(
--key       secret keys that sign now; others add theirs with `ota sign`
--root, --release        public keys of the roles, all of them; otherwise the public parts
            of --key for root at init, and those of the document before at rotate
--threshold, --release-threshold   so many keys of the role must sign
--expires   days, or never
)";

const char verify_notes[] = R"(
--key       public key: its file, that of minisign, or the text of one of minisign (RW...)
--signature signature, FILE.sig or FILE.minisig otherwise; a signed document holds its own
--trusted-root           root document of a device: FILE is a manifest, and is checked as the
            device would, for --product and --hardware, otherwise those of the manifest
--now       seconds since 1970
)";

const char image_pack_notes[] = R"(
--version   like 1.2.3+4
--patch     what is packed is no program but a patch of delta make, to one of this version
--header-size   bytes before the program, which must be linked for it; 32 otherwise
--key       secret key, which signs; a passphrase is given as to keygen
--hardware  what the image is for; devices that name theirs refuse the others
--security-counter       devices never take a lower one again
--slot-size bytes; an image that leaves no room for MCUboot's trailer is refused
--pad       fills the slot, and asks MCUboot to try the image; --confirm, to keep it
--align, --max-sectors   of MCUboot's trailer: bytes programmed at once, 8 otherwise, and
            BOOT_MAX_IMG_SECTORS, 128 otherwise
docs/images.md describes the format, which is that of MCUboot.
)";

const char image_verify_notes[] = R"(
--key       public key: its file, or one in PEM (Ed25519, ECDSA P-256, RSA 2048 or 3072)
)";

const char uf2_notes[] = R"(
Makes UF2 of a program, and a program of UF2: IN says which.
--family    rp2040, rp2350-arm-s, rp2350-riscv, rp2350-arm-ns, or a number
--base      address of the program; otherwise where those of the family begin
)";

const char delta_make_notes[] = R"(
--format    native, or otadelta, which devices with the client 0x687931/ota use
--map       entries of the address map that the device has room for, 0 to 128; 8 bytes each
--literals  models of literals that it has room for, 512 bytes doubled 0 to 4 times; usually 1
--code      the only kind of code that the device runs patches for, such as thumb; plain: none.
            Otherwise the kind that makes the smallest patch
--in-place  the device overwrites OLD in its slot and reads it so many bytes behind at most
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
    {"explain", "tell which error a device means that keeps no texts, as by `error 05d3f1`",
     "NUMBER json", run_explain},
    {"serve", "a development server with GitHub's API over Git repositories",
     "port=! address= git= assets= files= token= rate-limit= fault= log", run_serve},
    {"manifest", "make a manifest of the files below --root",
     "root= version= out= file-list= include=* exclude=* deletes= post-update= rollback= hmac-key= "
     "key=* passphrase-file= product= hardware=* minimum= counter= expires= created= chain= "
     "image=* base=* deltas= map= literals= code=",
     run_manifest, manifest_notes},
    {"image send", "send an image to a device over a serial line",
     "FILE port=! baud=", run_image_send, image_send_notes},
    {"keygen", "make a key: NAME.key, which is secret, and NAME.pub",
     "out=! passphrase-file=", run_keygen, key_notes},
    {"sign", "sign a file, or the last of the signed documents in it",
     "FILE key=*! out= passphrase-file= minisign", run_sign, sign_notes},
    {"verify", "check the signature of a file, or a manifest as a device does",
     "FILE key= signature= trusted-root= product= hardware= now= json", run_verify, verify_notes},
    {"root init", "make the first root document, for the program of devices",
     "key=*! root=* release=*! threshold= release-threshold= expires= out= passphrase-file=",
     run_root_init, root_notes},
    {"root rotate", "add a root document with other keys",
     "chain=! key=*! root=* release=* threshold= release-threshold= new-epoch expires= out= "
     "passphrase-file=",
     run_root_rotate, root_notes},
    {"root show", "show root documents, and what signatures they have", "FILE json", run_root_show},
    {"image pack", "make a firmware image of a program",
     "in=! out=! version=! patch header-size= slot-size= key= passphrase-file= hardware= "
     "security-counter= pad confirm align= max-sectors=",
     run_image_pack, image_pack_notes},
    {"image info", "show what a firmware image says of itself, and check its hash", "IMAGE json",
     run_image_info},
    {"image verify", "check a firmware image as a device does", "IMAGE key=! hardware= json",
     run_image_verify, image_verify_notes},
    {"image uf2", "make UF2 of a program, or a program of UF2",
     "IN OUT family= base=", run_image_uf2, uf2_notes},
    {"delta make", "make a patch that makes NEW of OLD",
     "OLD NEW PATCH format= map= literals= code= in-place=", run_delta_make, delta_make_notes},
    {"delta apply", "make OUT of OLD and a patch", "OLD PATCH OUT", run_delta_apply},
    {"delta info", "show what a patch does", "PATCH json", run_delta_info},
};

void print_usage(std::FILE* to) {
  std::fprintf(to, "usage: ota COMMAND [OPTIONS]\n\n");
  for (const command& one : commands) std::fprintf(to, "  %-12s %s\n", one.name, one.summary);
  std::fprintf(to,
               "\nota COMMAND --help lists the options. Results: 0 done or nothing to do, 1 "
               "failed, 2 wrong usage.\n");
}

struct option {
  std::string name;
  bool takes_value = false;
  bool takes_many = false;
  bool required = false;
  bool is_operand = false;  ///< given without its name
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
    next.takes_many = word.find('*') != std::string::npos;
    next.is_operand = word[0] >= 'A' && word[0] <= 'Z';
    next.required = next.is_operand || word.find('!') != std::string::npos;
    if (!word.empty()) list.push_back(next);
    word.clear();
    if (*at == '\0') return list;
  }
}

void print_options(const command& one) {
  std::printf("usage: ota %s", one.name);
  for (const option& each : options_of(one)) {
    const std::string text = (each.is_operand ? "" : "--") + each.name +
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

// Puts a value without a name to the first operand that has none.
bool add_operand(const std::vector<option>& known, const std::string& value, arguments& given) {
  for (const option& each : known)
    if (each.is_operand && !given.has(each.name)) {
      given.add(each.name, value);
      return true;
    }
  return false;
}

int run(const command& one, int argc, char** argv) {
  const std::vector<option> known = options_of(one);
  arguments given;
  for (int i = 0; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--help" || name == "-h") {
      print_options(one);
      return 0;
    }
    if (name.compare(0, 2, "--") != 0) {
      if (!add_operand(known, name, given)) return wrong_usage("unexpected argument: " + name);
      continue;
    }
    name.erase(0, 2);
    const auto equals = name.find('=');
    const bool has_value = equals != std::string::npos;
    std::string value = has_value ? name.substr(equals + 1) : std::string();
    name.resize(has_value ? equals : name.size());
    const option* found = nullptr;
    for (const option& each : known)
      if (each.name == name && !each.is_operand) found = &each;
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
    if (each.required && given.all(each.name).empty())
      return wrong_usage(std::string(one.name) + " needs " + (each.is_operand ? "" : "--") +
                         each.name);
  return one.run(given);
}

// How many words the command line begins with, if they name this command; otherwise 0.
int words_named(const command& one, int argc, char** argv) {
  std::string words;
  for (int count = 1; count < argc && count <= 2; ++count) {
    words += (count == 1 ? "" : " ") + std::string(argv[count]);
    if (words == one.name) return count;
  }
  return 0;
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
      if (const int words = words_named(one, argc, argv))
        return run(one, argc - 1 - words, argv + 1 + words);
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
