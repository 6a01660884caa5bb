// The message between the client and the server, the same in both directions:
// the server sends each request back once its job is done.
#ifndef AMDAHL_PROTOCOL_H
#define AMDAHL_PROTOCOL_H

#include <stdint.h>

#define MESSAGE_MAGIC UINT64_C(0x414d4441484c5731)  // "AMDAHLW1"

struct message {
    uint64_t magic;     // MESSAGE_MAGIC, big endian
    uint64_t sequence;  // 1, 2, 3... on each connection, big endian
};

_Static_assert(sizeof(struct message) == 16, "the message has a fixed size");

#endif
