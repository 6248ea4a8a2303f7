// For the Arduino builder, which looks for headers here only.
#include "single_include/ota/ota.hpp"
