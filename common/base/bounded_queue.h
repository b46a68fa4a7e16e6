// A queue between threads, bounded in items and in bytes.
//
// An item larger than the byte limit enters an empty queue, so that nothing can
// be too large to pass. Closed, it takes no more, and hands out what it has.
//
// Waits end when the queue changes, at their deadline, or when the stop token
// asks. Threads: every function may be called from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace dbsync {

template <class T>
class BoundedQueue {
 public:
  using Clock = std::chrono::steady_clock;

  BoundedQueue(std::size_t most_items, std::size_t most_bytes) : most_items_(most_items), most_bytes_(most_bytes) {}

  // False when the deadline passed, stop was asked for, or the queue is closed;
  // `item` is untouched then.
  bool push_until(T& item, std::size_t bytes, Clock::time_point deadline, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!fits(bytes)) {
      if (gathered_ > 0) changed_.notify_all();  // no more will come
      ++pushing_;
      changed_.wait_until(lock, stop, deadline, [&] { return closed_ || fits(bytes); });
      --pushing_;
    }
    if (!fits(bytes) || closed_ || stop.stop_requested()) return false;
    bytes_ += bytes;
    items_.push_back({std::move(item), bytes});
    const bool awaited = popping_ > 0 || (gathered_ > 0 && items_.size() >= gathered_);
    lock.unlock();
    if (awaited) changed_.notify_all();
    return true;
  }

  // The oldest item; nothing at the deadline, at stop, or when the queue is
  // closed and empty.
  std::optional<T> pop_until(Clock::time_point deadline, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    ++popping_;
    changed_.wait_until(lock, stop, deadline, [&] { return closed_ || !items_.empty(); });
    --popping_;
    if (stop.stop_requested()) return std::nullopt;
    return take(lock);
  }

  // The oldest item if there is one now.
  std::optional<T> try_pop() {
    std::unique_lock lock(mutex_);
    return take(lock);
  }

  // Waits until `items`, one or more, are there, or no more fit: a thread that is woken for each of many costs
  // more than they do. One thread gathers at a time.
  void gather_until(std::size_t items, Clock::time_point deadline, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    gathered_ = items;
    changed_.wait_until(lock, stop, deadline, [&] { return closed_ || pushing_ > 0 || items_.size() >= items; });
    gathered_ = 0;
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  struct Slot {
    T item;
    std::size_t bytes;
  };

  bool fits(std::size_t bytes) const {
    return items_.empty() || (items_.size() < most_items_ && bytes_ + bytes <= most_bytes_);
  }

  std::optional<T> take(std::unique_lock<std::mutex>& lock) {
    if (items_.empty()) return std::nullopt;
    Slot slot = std::move(items_.front());
    items_.pop_front();
    bytes_ -= slot.bytes;
    const bool awaited = pushing_ > 0;
    lock.unlock();
    if (awaited) changed_.notify_all();
    return std::move(slot.item);
  }

  const std::size_t most_items_;
  const std::size_t most_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Slot> items_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
  std::size_t pushing_ = 0, popping_ = 0;  // threads that wait for room, for an item
  std::size_t gathered_ = 0;               // items that a thread waits for; 0: none does
};

}  // namespace dbsync
