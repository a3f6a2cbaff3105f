# Debian 12's libraries. Debian has no static fmt, spdlog or toml++: a static build uses their headers.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(fmt REQUIRED)

add_library(scrubjay_fmt INTERFACE)
add_library(scrubjay_spdlog INTERFACE)
add_library(scrubjay_toml INTERFACE)
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
if(SCRUBJAY_STATIC)
  target_link_libraries(scrubjay_fmt INTERFACE fmt::fmt-header-only)
  target_compile_definitions(scrubjay_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
  target_compile_definitions(scrubjay_toml INTERFACE TOML_HEADER_ONLY=1)
else()
  find_package(spdlog REQUIRED)
  find_library(TOMLPLUSPLUS_LIBRARY tomlplusplus)
  target_link_libraries(scrubjay_fmt INTERFACE fmt::fmt)
  target_link_libraries(scrubjay_spdlog INTERFACE spdlog::spdlog)
  target_compile_definitions(scrubjay_toml INTERFACE TOML_HEADER_ONLY=1)
endif()

# Asio is compiled once, in net/asio.cc; its small allocations are recycled per thread.
add_library(scrubjay_asio INTERFACE)
target_link_libraries(scrubjay_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(scrubjay_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8)

if(SCRUBJAY_SANITIZE STREQUAL "thread")
  # It does not know fences; a context that only one thread runs needs none.
  target_compile_definitions(scrubjay_asio INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()

# jemalloc gives memory back; the sanitizers bring an allocator of their own.
add_library(scrubjay_malloc INTERFACE)
if(NOT SCRUBJAY_SANITIZE)
  if(SCRUBJAY_STATIC)
    find_library(JEMALLOC_LIBRARY NAMES libjemalloc.a REQUIRED)
  else()
    find_library(JEMALLOC_LIBRARY NAMES jemalloc REQUIRED)
  endif()
  target_link_libraries(scrubjay_malloc INTERFACE ${JEMALLOC_LIBRARY} Threads::Threads ${CMAKE_DL_LIBS})
  target_compile_definitions(scrubjay_malloc INTERFACE SCRUBJAY_JEMALLOC=1)
endif()

# PUC Lua 5.1, built as C.
add_library(scrubjay_lua INTERFACE)
find_path(LUA_INCLUDE lua.h PATH_SUFFIXES lua5.1 REQUIRED)
if(SCRUBJAY_STATIC)
  find_library(LUA_LIBRARY NAMES liblua5.1.a REQUIRED)
else()
  find_library(LUA_LIBRARY NAMES lua5.1 REQUIRED)
endif()
target_include_directories(scrubjay_lua SYSTEM INTERFACE ${LUA_INCLUDE})
target_link_libraries(scrubjay_lua INTERFACE ${LUA_LIBRARY} m ${CMAKE_DL_LIBS})
