# main.rb WAY BASKET, where WAY is plain, thread or fiber; prints what the SDK would send.
require "sentry-ruby"
require "json"
require_relative "lib/shop"

$current = nil

class Printing < Sentry::Transport
  def send_data(*); end

  def send_event(event)
    puts JSON.generate({ bug: $current, event: event.to_hash })
  end
end

Sentry.init do |config|
  config.dsn = "http://key@127.0.0.1:1/1"
  config.transport.transport_class = Printing
  config.project_root = __dir__
  config.background_worker_threads = 0
  config.sdk_logger = Logger.new(File::NULL) if config.respond_to?(:sdk_logger=)
  config.logger = Logger.new(File::NULL) if config.respond_to?(:logger=)
end

def call(way, view, basket)
  case way
  when "thread" then Thread.new { Thread.current.report_on_exception = false; view.call(basket) }.join
  when "fiber" then Fiber.new { view.call(basket) }.resume
  else view.call(basket)
  end
end

way = ARGV[0]
basket = JSON.parse(ARGV[1], symbolize_names: true)
(way == "plain" ? Shop::VIEWS.merge(Shop::HARD_VIEWS) : Shop::VIEWS).each do |bug, view|
  $current = bug
  begin
    call(way, view, basket)
  rescue Exception => error
    Sentry.capture_exception(error)
  end
end
Shop::MESSAGES.each do |bug, text|
  $current = bug
  Sentry.capture_message(text.call(basket))
end
