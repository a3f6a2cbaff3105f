# Debian 12's libraries. spdlog and toml++ are used by few source files, as headers.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(fmt REQUIRED)

if(SCRUBJAY_STATIC)
  add_library(scrubjay_fmt STATIC ${CMAKE_CURRENT_LIST_DIR}/fmt.cc)
else()
  add_library(scrubjay_fmt INTERFACE)
  target_link_libraries(scrubjay_fmt INTERFACE fmt::fmt)
endif()
find_path(SPDLOG_INCLUDE spdlog/spdlog.h REQUIRED)
add_library(scrubjay_spdlog INTERFACE)
target_compile_definitions(scrubjay_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
add_library(scrubjay_toml INTERFACE)
target_compile_definitions(scrubjay_toml INTERFACE TOML_HEADER_ONLY=1)

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
    find_library(JEMALLOC_ARCHIVE NAMES libjemalloc_pic.a REQUIRED)
    target_link_libraries(scrubjay_malloc INTERFACE ${JEMALLOC_ARCHIVE})
  else()
    find_library(JEMALLOC_LIBRARY NAMES jemalloc REQUIRED)
    target_link_libraries(scrubjay_malloc INTERFACE ${JEMALLOC_LIBRARY})
  endif()
  target_link_libraries(scrubjay_malloc INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
  target_compile_definitions(scrubjay_malloc INTERFACE SCRUBJAY_JEMALLOC=1)
endif()

# PUC Lua 5.1, built as C.
add_library(scrubjay_lua INTERFACE)
find_path(LUA_INCLUDE lua.h PATH_SUFFIXES lua5.1 REQUIRED)
if(SCRUBJAY_STATIC)
  find_library(LUA_ARCHIVE NAMES liblua5.1.a REQUIRED)
  target_link_libraries(scrubjay_lua INTERFACE ${LUA_ARCHIVE})
else()
  find_library(LUA_LIBRARY NAMES lua5.1 REQUIRED)
  target_link_libraries(scrubjay_lua INTERFACE ${LUA_LIBRARY})
endif()
target_include_directories(scrubjay_lua SYSTEM INTERFACE ${LUA_INCLUDE})
target_link_libraries(scrubjay_lua INTERFACE m ${CMAKE_DL_LIBS})
