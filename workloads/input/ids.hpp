#pragma once
// Ids that cannot be taken for one another, and containers indexed by them.
//
// An id is an enum class over std::int32_t without enumerators, such as UnitId: the place of its
// thing in a list. -1 stands for none where a comment says so.

#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace edgeflow {

template <typename T>
concept IdType = std::is_enum_v<T> && std::same_as<std::underlying_type_t<T>, std::int32_t>;

template <IdType Id>
constexpr std::size_t index(Id id) {
  return static_cast<std::size_t>(id);
}
/// A count or place as an index. Precondition: not negative.
template <std::signed_integral Number>
constexpr std::size_t index(Number place) {
  assert(place >= 0);
  return static_cast<std::size_t>(place);
}
/// The inverse of index.
template <IdType Id>
constexpr Id id_at(std::size_t place) {
  return Id{static_cast<std::int32_t>(place)};
}
template <IdType Id>
constexpr std::int32_t number(Id id) {
  return static_cast<std::int32_t>(id);
}

/// Consecutive ids, to loop over.
template <IdType Id>
class IdRange {
 public:
  class Iterator {
   public:
    using value_type = Id;
    using difference_type = std::ptrdiff_t;

    constexpr Iterator() = default;
    constexpr explicit Iterator(std::int32_t at) : at_(at) {}
    constexpr Id operator*() const { return Id{at_}; }
    constexpr Iterator& operator++() {
      ++at_;
      return *this;
    }
    constexpr Iterator operator++(int) { return Iterator(at_++); }
    friend constexpr bool operator==(Iterator, Iterator) = default;

   private:
    std::int32_t at_ = 0;
  };

  constexpr IdRange() = default;
  constexpr IdRange(Id first, Id end) : first_(number(first)), end_(number(end)) {}
  constexpr Iterator begin() const { return Iterator(first_); }
  constexpr Iterator end() const { return Iterator(end_); }
  constexpr std::size_t size() const { return index(end_ - first_); }
  constexpr bool empty() const { return first_ == end_; }

 private:
  std::int32_t first_ = 0;
  std::int32_t end_ = 0;
};

/// The ids of a list's things.
template <IdType Id, typename List>
constexpr IdRange<Id> ids_of(const List& list) {
  return {Id{0}, id_at<Id>(list.size())};
}

/// A vector with one value per id.
template <IdType Id, typename T>
class IdVector {
 public:
  IdVector() = default;
  explicit IdVector(std::size_t size, const T& value = T()) : values_(size, value) {}
  IdVector(std::initializer_list<T> values) : values_(values) {}

  decltype(auto) operator[](Id id) { return values_[index(id)]; }
  decltype(auto) operator[](Id id) const { return values_[index(id)]; }
  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  IdRange<Id> ids() const { return ids_of<Id>(values_); }

  auto begin() { return values_.begin(); }
  auto begin() const { return values_.begin(); }
  auto end() { return values_.end(); }
  auto end() const { return values_.end(); }
  decltype(auto) front() { return values_.front(); }
  decltype(auto) front() const { return values_.front(); }
  decltype(auto) back() { return values_.back(); }
  decltype(auto) back() const { return values_.back(); }

  void reserve(std::size_t size) { values_.reserve(size); }
  void assign(std::size_t size, const T& value) { values_.assign(size, value); }
  void resize(std::size_t size) { values_.resize(size); }
  void push_back(T value) { values_.push_back(std::move(value)); }
  template <typename... Args>
  decltype(auto) emplace_back(Args&&... args) {
    return values_.emplace_back(std::forward<Args>(args)...);
  }

 private:
  std::vector<T> values_;
};

/// Lists of values, one per id, in a single array. They are filled one after the other.
template <IdType Id, typename T>
class IdLists {
 public:
  std::span<const T> operator[](Id id) const {
    const std::size_t first = begin_[index(id)];
    return std::span(values_).subspan(first, begin_[index(id) + 1] - first);
  }
  std::size_t size() const { return begin_.size() - 1; }

  /// Appends to the list under way, which end_list ends.
  void push_back(T value) { values_.push_back(std::move(value)); }
  void end_list() { begin_.push_back(values_.size()); }
  /// What the list under way holds so far.
  std::span<const T> open_list() const { return std::span(values_).subspan(begin_.back()); }

  /// Who lists whom, the other way round: for each of `count` values, the ids whose lists hold it,
  /// in order.
  IdLists<T, Id> inverse(std::size_t count) const requires IdType<T> {
    IdLists<T, Id> result;
    result.begin_.assign(count + 1, 0);
    for (const T value : values_) ++result.begin_[index(value) + 1];
    for (std::size_t v = 0; v < count; ++v) result.begin_[v + 1] += result.begin_[v];
    result.values_.resize(values_.size());
    std::vector<std::size_t> next(result.begin_.begin(), result.begin_.end() - 1);
    for (const Id id : ids_of<Id>(*this)) {
      for (const T value : (*this)[id]) result.values_[next[index(value)]++] = id;
    }
    return result;
  }

 private:
  template <IdType, typename>
  friend class IdLists;

  std::vector<std::size_t> begin_{0};
  std::vector<T> values_;
};

}  // namespace edgeflow
