#pragma once

#include <sqlite3.h>

/// `sqlite3_db_config` is variadic, which Swift does not import.
static inline int polder_sqlite3_db_config_flag(sqlite3 *db, int flag, int on) {
    return sqlite3_db_config(db, flag, on, (int *)0);
}
