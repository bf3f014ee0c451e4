#pragma once

#include <zlib.h>

// What zlib has as macros.

#define CZLIB_GZIP 16 // added to the size of the window: gzip's head and sum (RFC 1952) around the data

static inline int czlib_deflate_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + CZLIB_GZIP, 8, Z_DEFAULT_STRATEGY);
}

static inline int czlib_inflate_init(z_stream *stream) { return inflateInit2(stream, 15 + CZLIB_GZIP); }
