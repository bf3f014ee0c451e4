#pragma once

#include <openssl/ssl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/crypto.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

// Macros of <openssl/ssl.h> that Swift does not import.
static inline int copenssl_ctx_set_versions(SSL_CTX *context, int lowest) {
    return SSL_CTX_set_min_proto_version(context, lowest) == 1 && SSL_CTX_set_max_proto_version(context, 0) == 1;
}

static inline void copenssl_ctx_set_modes(SSL_CTX *context) {
    // A write may be repeated from a buffer that has moved, and may take only part: we keep the rest ourselves.
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

// A TLS 1.2 client that asks for a renegotiation is told no by a warning, and may ask for ever. This marks its session.
static inline void copenssl_note_renegotiation(const SSL *session, int where, int value) {
    if (where == SSL_CB_WRITE_ALERT && value == (SSL3_AL_WARNING << 8 | SSL_AD_NO_RENEGOTIATION))
        SSL_set_app_data((SSL *)session, (void *)session);
}

static inline void copenssl_watch_renegotiation(SSL_CTX *context) {
    SSL_CTX_set_info_callback(context, copenssl_note_renegotiation);
}

static inline int copenssl_asked_to_renegotiate(const SSL *session) { return SSL_get_app_data(session) != 0; }

static inline void copenssl_accept_silent_end(SSL *session) {
    SSL_set_options(session, SSL_OP_IGNORE_UNEXPECTED_EOF);
}

static inline int copenssl_set_server_name(SSL *session, const char *name) {
    return (int)SSL_set_tlsext_host_name(session, name);
}

static inline STACK_OF(X509_NAME) *copenssl_load_ca_names(const char *file) { return SSL_load_client_CA_file(file); }

// Takes the certificate over when it answers 1.
static inline int copenssl_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add_extra_chain_cert(context, certificate);
}

static inline int copenssl_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

static inline const ASN1_STRING *copenssl_name_at(const GENERAL_NAMES *names, int index, int *type) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    *type = name->type;
    switch (name->type) {
        case GEN_DNS: return name->d.dNSName;
        case GEN_URI: return name->d.uniformResourceIdentifier;
        case GEN_IPADD: return name->d.iPAddress;
        default: return 0;
    }
}
