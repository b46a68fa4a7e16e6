#include "format/copy_buffer.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace dbsync {

namespace {
// Beyond its working size the buffer may hold one more ordinary row without
// growing; what is above that belongs to giant rows and is given back.
constexpr std::size_t kSlack = 64 * 1024;
}  // namespace

CopyBuffer::CopyBuffer(std::size_t working_size) : working_size_(working_size) { grow(working_size + kSlack); }

CopyBuffer::~CopyBuffer() { std::free(data_); }

void CopyBuffer::grow(std::size_t n) {
  const std::size_t wanted = std::max(size_ + n, size_ + size_ / 2);
  // realloc, not vector: no zero-filling, and large blocks move by remapping.
  void* moved = std::realloc(data_, wanted);
  if (moved == nullptr) throw std::bad_alloc();
  data_ = static_cast<char*>(moved);
  capacity_ = wanted;
}

void CopyBuffer::clear() {
  first_row += rows;
  rows = 0;
  size_ = 0;
  if (log) *log = {};
  if (capacity_ > 4 * (working_size_ + kSlack)) {
    std::free(data_);
    data_ = nullptr;
    capacity_ = 0;
    grow(working_size_ + kSlack);
  }
}

}  // namespace dbsync
