// Arguments of a tool that Streamable HTTP repeats as headers, for proxies to read: the x-mcp-header annotation
// ("Custom Headers from Tool Parameters" of revision 2026-07-28). Pure functions over values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mcp/http_binding.hpp"

namespace ottobot::mcp {

// One annotated argument.
struct ParamHeader {
  std::string header;             // "Mcp-Param-Region"
  std::vector<std::string> path;  // the members that lead to it
};

// What an input schema annotates. Errors: invalid_argument: an annotation that the specification does not allow, which
// makes the tool unusable over HTTP.
Result<std::vector<ParamHeader>> find_param_headers(const Json& input_schema);

// The headers of a call; an argument that is absent or null has none.
std::vector<std::pair<std::string, std::string>> encode_param_headers(const std::vector<ParamHeader>& annotated,
                                                                      const Json& args);
// Whether the headers of a request say what its arguments say: kHeaderMismatch.
RpcResult<void> check_param_headers(const std::vector<ParamHeader>& annotated, const Json& args,
                                    const http_binding::FindHeader& find);

}  // namespace ottobot::mcp
