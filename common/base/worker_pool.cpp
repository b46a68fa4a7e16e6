#include "base/worker_pool.h"

#include <pthread.h>

#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace dbsync {

void run_workers(unsigned n, const std::string& name, const std::function<void(unsigned)>& body) {
  std::mutex mutex;
  std::exception_ptr first;
  {
    std::vector<std::jthread> threads;
    threads.reserve(n);
    for (unsigned i = 0; i < n; ++i) {
      threads.emplace_back([&, i] {
        pthread_setname_np(pthread_self(), (name + "-" + std::to_string(i)).substr(0, 15).c_str());
        try {
          body(i);
        } catch (...) {
          const std::lock_guard lock(mutex);
          if (!first) first = std::current_exception();
        }
      });
    }
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace dbsync
