// A plugin of QEMU (its plugin interface, version 1) that counts the instructions executed between
// two addresses, given as from= and to=, and prints "instructions N".
//   gcc -shared -fPIC -o count_instructions.so count_instructions.c
// Declares what it needs of qemu-plugin.h, which Debian does not package.
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
                                           void (*call)(uint64_t, struct qemu_plugin_tb*));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn*, void (*)(unsigned, void*),
                                            int flags, void* data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn*, int operation, void* at,
                                                uint64_t value);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*call)(uint64_t, void*), void* data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb*, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn*);

int qemu_plugin_version = 1;

static uint64_t from, to, executed, at_begin, counted;

static void begin(unsigned cpu, void* data) {
  (void)cpu, (void)data;
  at_begin = executed;
}

static void end(unsigned cpu, void* data) {
  (void)cpu, (void)data;
  counted = executed - at_begin;
}

static void translated(uint64_t id, struct qemu_plugin_tb* block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    struct qemu_plugin_insn* const instruction = qemu_plugin_tb_get_insn(block, i);
    const uint64_t address = qemu_plugin_insn_vaddr(instruction);
    if (address == from) qemu_plugin_register_vcpu_insn_exec_cb(instruction, begin, 0, NULL);
    if (address == to) qemu_plugin_register_vcpu_insn_exec_cb(instruction, end, 0, NULL);
    qemu_plugin_register_vcpu_insn_exec_inline(instruction, 0 /* add */, &executed, 1);
  }
}

static void ended(uint64_t id, void* data) {
  (void)id, (void)data;
  printf("instructions %" PRIu64 "\n", counted);
}

int qemu_plugin_install(uint64_t id, const void* about, int count, char** arguments) {
  (void)about;
  for (int i = 0; i < count; ++i) {
    if (strncmp(arguments[i], "from=", 5) == 0) from = strtoull(arguments[i] + 5, NULL, 0);
    if (strncmp(arguments[i], "to=", 3) == 0) to = strtoull(arguments[i] + 3, NULL, 0);
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, ended, NULL);
  return 0;
}
