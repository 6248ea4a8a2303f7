// A client for https, in a program that links ota::mbedtls.

#include "ota/http/mbedtls_tls.hpp"

#include "ota/ota.hpp"

int main() {
  ota::http_client<ota::mbedtls_tls<>> client;
  ota::http_request request;
  request.url = "https://127.0.0.1:1/";
  return client.open(request) ? 1 : 0;
}
