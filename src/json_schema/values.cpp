#include "json_schema/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ottobot::json_schema {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::size_t kFewItems = 16;

int rank(const Json& value) {
  if (value.is_null()) return 0;
  if (value.is_boolean()) return 1;
  if (value.is_number()) return 2;
  if (value.is_string()) return 3;
  return value.is_array() ? 4 : 5;
}

template <class T>
int compare(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

// 64 bits of mantissa: every integer and double of Json fits.
long double number(const Json& value) {
  if (value.is_number_unsigned()) return static_cast<long double>(value.get<std::uint64_t>());
  if (value.is_number_integer()) return static_cast<long double>(value.get<std::int64_t>());
  return static_cast<long double>(value.get<double>());
}

int order_of_arrays(const Json& a, const Json& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (const int result = order(a[i], b[i])) return result;
  }
  return compare(a.size(), b.size());
}

int order_of_objects(const Json& a, const Json& b) {
  auto left = a.begin();
  auto right = b.begin();
  for (; left != a.end() && right != b.end(); ++left, ++right) {
    if (const int result = left.key().compare(right.key())) return result;
    if (const int result = order(*left, *right)) return result;
  }
  return compare(a.size(), b.size());
}

// digits × 10^exponent, without the sign: it does not matter to divisibility.
struct Decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

Decimal shortened(Decimal decimal) {
  while (decimal.digits != 0 && decimal.digits % 10 == 0) {
    decimal.digits /= 10;
    ++decimal.exponent;
  }
  return decimal;
}

// The shortest decimal that reads back as the same double: what its author wrote.
Decimal decimal_of(double value) {
  std::array<char, 32> text{};
  const auto written =
      std::to_chars(text.data(), text.data() + text.size(), std::abs(value), std::chars_format::scientific);
  Decimal decimal;
  bool fraction = false;
  const char* at = text.data();
  for (; at != written.ptr && *at != 'e'; ++at) {
    if (*at == '.') {
      fraction = true;
      continue;
    }
    decimal.digits = decimal.digits * 10 + static_cast<std::uint64_t>(*at - '0');
    if (fraction) --decimal.exponent;
  }
  int exponent = 0;
  if (at != written.ptr) std::from_chars(at + (at[1] == '+' ? 2 : 1), written.ptr, exponent);
  decimal.exponent += exponent;
  return shortened(decimal);
}

std::uint64_t magnitude(const Json& integer) {
  if (integer.is_number_unsigned()) return integer.get<std::uint64_t>();
  const auto value = integer.get<std::int64_t>();
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

Decimal decimal_of(const Json& value) {
  if (value.is_number_integer()) return shortened({magnitude(value), 0});
  return decimal_of(value.get<double>());
}

std::uint64_t power_of_ten_modulo(int exponent, std::uint64_t modulus) {
  Wide result = 1 % modulus;
  Wide base = 10 % modulus;
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) result = result * base % modulus;
    base = base * base % modulus;
  }
  return static_cast<std::uint64_t>(result);
}

}  // namespace

int order(const Json& a, const Json& b) {
  if (const int kinds = compare(rank(a), rank(b))) return kinds;
  switch (rank(a)) {
    case 0:
      return 0;
    case 1:
      return compare(a.get<bool>(), b.get<bool>());
    case 2:
      return compare(number(a), number(b));
    case 3:
      return a.get_ref<const std::string&>().compare(b.get_ref<const std::string&>());
    case 4:
      return order_of_arrays(a, b);
    default:
      return order_of_objects(a, b);
  }
}

bool is_integer(const Json& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>();
}

bool is_multiple_of(const Json& value, const Json& divisor) {
  if (value.is_number_integer() && divisor.is_number_integer()) return magnitude(value) % magnitude(divisor) == 0;
  const Decimal dividend = decimal_of(value);
  const Decimal unit = decimal_of(divisor);
  if (dividend.digits == 0) return true;
  const int shift = dividend.exponent - unit.exponent;
  if (shift >= 0) {
    const Wide rest = Wide{dividend.digits % unit.digits} * power_of_ten_modulo(shift, unit.digits);
    return rest % unit.digits == 0;
  }
  // The dividend has no trailing zeros, so it is no multiple of a power of ten times the unit, unless that is 1.
  return false;
}

bool has_duplicates(const Json& array) {
  if (array.size() <= kFewItems) {
    for (std::size_t i = 1; i < array.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (equal(array[i], array[j])) return true;
      }
    }
    return false;
  }
  std::vector<const Json*> sorted;
  sorted.reserve(array.size());
  for (const Json& item : array) sorted.push_back(&item);
  std::sort(sorted.begin(), sorted.end(), [](const Json* a, const Json* b) { return order(*a, *b) < 0; });
  return std::adjacent_find(sorted.begin(), sorted.end(), [](const Json* a, const Json* b) { return equal(*a, *b); }) !=
         sorted.end();
}

}  // namespace ottobot::json_schema
