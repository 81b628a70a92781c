#include "server/allocator.h"

#include <cstdlib>  // defines __GLIBC__ where it is the library

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace latimer::server {

void KeepFreedMemory() {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
  mallopt(M_TOP_PAD, 1 << 20);
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}

}  // namespace latimer::server
