// Handlers may only call what is async-signal-safe: write, unlink, _exit.
#include "cli/signals.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string_view>

#include "cli/exit_code.hpp"

namespace locklab {
namespace {

std::atomic<const char*> pending_path{nullptr};
std::atomic<bool> reset_colors{false};
std::atomic<bool> notes_interrupt{false};
std::atomic<bool> interrupt_noted{false};
static_assert(std::atomic<const char*>::is_always_lock_free);

void say(int descriptor, std::string_view text) {
  // There is nobody left to tell if this fails.
  [[maybe_unused]] const auto written = ::write(descriptor, text.data(), text.size());
}

void clean_up() {
  if (const char* path = pending_path.load(); path != nullptr) ::unlink(path);
  if (reset_colors.load()) say(STDOUT_FILENO, "\033[0m");
}

void on_interrupt(int) {
  if (notes_interrupt.load() && !interrupt_noted.exchange(true)) return;
  clean_up();
  ::_exit(static_cast<int>(ExitCode::interrupted));
}

void on_terminate(int) {
  clean_up();
  ::_exit(128 + SIGTERM);
}

void on_abort(int) {
  clean_up();
  say(STDERR_FILENO,
      "locklab: this is a bug in locklab, not in your scenario; please report it with the command "
      "line and the lines above\n");
  ::_exit(static_cast<int>(ExitCode::internal));
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void install_signal_handlers() {
  // Whoever started us with Ctrl-C ignored (nohup, a background job) meant it.
  struct sigaction present {};
  ::sigaction(SIGINT, nullptr, &present);
  if (present.sa_handler != SIG_IGN) handle(SIGINT, on_interrupt);
  handle(SIGTERM, on_terminate);
  handle(SIGABRT, on_abort);
}

void reset_colors_when_interrupted() { reset_colors.store(true); }

GracefulInterrupt::GracefulInterrupt() {
  interrupt_noted.store(false);
  notes_interrupt.store(true);
}

GracefulInterrupt::~GracefulInterrupt() { notes_interrupt.store(false); }

bool GracefulInterrupt::requested() const { return interrupt_noted.load(); }

PendingFile::PendingFile(std::string path) : path_(std::move(path)) {
  pending_path.store(path_.c_str());
}

PendingFile::~PendingFile() { pending_path.store(nullptr); }

}  // namespace locklab
