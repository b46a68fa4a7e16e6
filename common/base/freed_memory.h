// Gives memory that was freed back to the system. To be called between the parts of a run:
// catalogs of very many tables leave holes that the allocator would keep for later.
//
// Threads: any. Errors: none. Where the C library has no such function it does nothing.
// Source: malloc_trim(3).
#pragma once

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace dbsync {

inline void give_back_freed_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace dbsync
