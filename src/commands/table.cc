#include "commands/table.h"

namespace scrubjay::commands {

std::vector<Rows> all_rows() {
  return {
      string_rows(),
      connection_rows(),
      client_rows(),
      command_rows(),
  };
}

}  // namespace scrubjay::commands
