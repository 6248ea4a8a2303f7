// A Cortex-M0 has no register that says where the vectors are: those at address 0, the
// bootloader's, count while another program runs. Its interrupts are passed on to it. r0 to r3 are
// free here, the processor has saved them; lr is left as it is, and the other program returns by
// it.
extern "C" [[gnu::naked]] void other_handler() {
  asm volatile(
      ".syntax unified\n"
      "mrs  r0, ipsr\n"      // the number of this exception
      "lsls r0, r0, #2\n"    //
      "movs r1, #0x20\n"     //
      "lsls r1, r1, #24\n"   // board_nrf51::passed_on, 0x20000000
      "ldr  r1, [r1]\n"      // the other program's vectors
      "ldr  r0, [r1, r0]\n"  //
      "bx   r0\n"
      ".syntax divided\n");
}
