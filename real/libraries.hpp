// Which client libraries this build has. Without one all else works; what needs it says so.
#pragma once

#ifndef LOCKLAB_HAS_HIREDIS
#define LOCKLAB_HAS_HIREDIS 0
#endif
#ifndef LOCKLAB_HAS_ZOOKEEPER
#define LOCKLAB_HAS_ZOOKEEPER 0
#endif
#ifndef LOCKLAB_HAS_LIBPQ
#define LOCKLAB_HAS_LIBPQ 0
#endif
#ifndef LOCKLAB_HAS_CURL
#define LOCKLAB_HAS_CURL 0
#endif
