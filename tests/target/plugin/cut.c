// A QEMU plugin that cuts the power of an emulated machine at an exact point: before the Nth
// instruction, or after the Nth store to watched memory, such as flash or a flash controller.
//
//   gcc -O2 -shared -fPIC -o cut.so cut.c
//   qemu-system-arm … -plugin cut.so,instruction=5000
//   qemu-system-arm … -plugin cut.so,watch=0x21000000:0x22000000,store=17
//
// `store=N`        counts stores into the ranges `watch=BEGIN:END` (without END), of which there may
//                  be several
// `hold=on`        the machine stands still instead of ending, so that its memory can be taken out
//                  by QMP's memsave (not `stop`, which would wait for the processor for ever)
// `trace=on`       each counted store is told, too:  store instructions=… address=0x…
//
// A cut ends QEMU with status 99. It is told on standard error, and so are the counts at a normal
// end, in a line each:  cut instructions=… stores=… address=0x…     end instructions=… stores=…
//
// Debian's QEMU is built with plugins but comes without their header. What follows is as much of
// its interface, version 1, as is used (QEMU 7.2, docs/devel/tcg-plugins.rst).

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef uint64_t plugin_id;
typedef uint32_t memory_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { registers_unused = 0, memory_writes = 2 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id,
                                           void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *),
                                            int registers, void *);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *,
                                      void (*)(unsigned, memory_info, uint64_t, void *),
                                      int registers, int kinds, void *);
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *);
bool qemu_plugin_mem_is_store(memory_info);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);

int qemu_plugin_version = 1;

static struct {
  uint64_t begin, end;
} watched[8];
static size_t ranges;
static uint64_t instructions, stores, cut_instruction, cut_store, last_store;
static bool hold, trace;

static void cut(void) {
  fprintf(stderr, "cut instructions=%" PRIu64 " stores=%" PRIu64 " address=0x%" PRIx64 "\n",
          instructions, stores, last_store);
  while (hold) pause();
  _Exit(99);
}

static void on_instruction(unsigned processor, void *unused) {
  (void)processor, (void)unused;
  if (++instructions == cut_instruction) cut();
}

static void on_store(unsigned processor, memory_info info, uint64_t address, void *unused) {
  (void)processor, (void)unused;
  if (!qemu_plugin_mem_is_store(info)) return;  // asking for stores only does not keep loads out
  for (size_t i = 0; i < ranges; ++i) {
    if (address < watched[i].begin || address >= watched[i].end) continue;
    last_store = address;
    if (trace)
      fprintf(stderr, "store instructions=%" PRIu64 " address=0x%" PRIx64 "\n", instructions, address);
    if (++stores == cut_store) cut();
    return;
  }
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    struct qemu_plugin_insn *one = qemu_plugin_tb_get_insn(block, i);
    qemu_plugin_register_vcpu_insn_exec_cb(one, on_instruction, registers_unused, NULL);
    if (ranges != 0)
      qemu_plugin_register_vcpu_mem_cb(one, on_store, registers_unused, memory_writes, NULL);
  }
}

static void on_end(plugin_id id, void *unused) {
  (void)id, (void)unused;
  fprintf(stderr, "end instructions=%" PRIu64 " stores=%" PRIu64 "\n", instructions, stores);
}

static bool take(const char *argument) {
  const char *value = strchr(argument, '=');
  if (value == NULL) return false;
  char *end = NULL;
  const uint64_t number = strtoull(++value, &end, 0);
  if (strncmp(argument, "instruction=", 12) == 0) {
    cut_instruction = number;
  } else if (strncmp(argument, "store=", 6) == 0) {
    cut_store = number;
  } else if (strncmp(argument, "hold=", 5) == 0) {
    hold = strcmp(value, "on") == 0;
  } else if (strncmp(argument, "trace=", 6) == 0) {
    trace = strcmp(value, "on") == 0;
  } else if (strncmp(argument, "watch=", 6) == 0 && *end == ':' && ranges < 8) {
    watched[ranges].begin = number;
    watched[ranges++].end = strtoull(end + 1, NULL, 0);
  } else {
    return false;
  }
  return true;
}

int qemu_plugin_install(plugin_id id, const void *info, int count, char **arguments) {
  (void)info;
  for (int i = 0; i < count; ++i) {
    if (!take(arguments[i])) {
      fprintf(stderr, "cut: what is %s?\n", arguments[i]);
      return 1;
    }
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_end, NULL);
  return 0;
}
