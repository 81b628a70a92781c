// How a process that serves sets up the C library's allocator.
#ifndef LATIMER_SERVER_ALLOCATOR_H_
#define LATIMER_SERVER_ALLOCATOR_H_

namespace latimer::server {

// Keeps up to 16 MiB of freed memory per arena of the allocator for the requests to come. By default glibc returns
// whatever exceeds 128 KiB to the kernel after every request and faults it in again with the next: a sixth of the time
// of a new NAS cell. Call first thing in main(); without glibc it does nothing.
void KeepFreedMemory();

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ALLOCATOR_H_
