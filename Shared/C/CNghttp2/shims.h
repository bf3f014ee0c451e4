#pragma once

#include <nghttp2/nghttp2.h>

// Fields of the frame union, so that Swift does not copy the whole union to read one.

static inline uint8_t cnghttp2_type(const nghttp2_frame *frame) { return frame->hd.type; }

static inline int32_t cnghttp2_stream(const nghttp2_frame *frame) { return frame->hd.stream_id; }

static inline int cnghttp2_ends_stream(const nghttp2_frame *frame) {
    return (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

// A HEADERS frame that opens a request; trailers are HEADERS too.
static inline int cnghttp2_is_request(const nghttp2_frame *frame) {
    return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static inline uint32_t cnghttp2_error_code(const nghttp2_frame *frame) {
    return frame->hd.type == NGHTTP2_GOAWAY       ? frame->goaway.error_code
           : frame->hd.type == NGHTTP2_RST_STREAM ? frame->rst_stream.error_code
                                                  : 0;
}

static inline int32_t cnghttp2_last_stream(const nghttp2_frame *frame) { return frame->goaway.last_stream_id; }

// Answers nearly every event: one field that lives for ever, nothing copied.
static inline int cnghttp2_submit_204(nghttp2_session *session, int32_t stream) {
    static const nghttp2_nv status = {(uint8_t *)":status", (uint8_t *)"204", 7, 3,
                                      NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
    return nghttp2_submit_response(session, stream, &status, 1, 0);
}
