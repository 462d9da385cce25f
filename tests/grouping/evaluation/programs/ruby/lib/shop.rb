# A shop with bugs.
require "json"

module Shop
  class ShopError < StandardError; end

  module Pricing
    COUPONS = { "spring" => { tiers: [] }, "summer" => {} }.freeze

    def self.price(basket)
      subtotal = basket[:lines].sum { |line| line[:price] * line[:count] }
      subtotal - discount(basket, subtotal)
    end

    def self.discount(basket, subtotal)
      rule = COUPONS[basket[:coupon]]
      return subtotal * rule.fetch(:percent) if basket[:coupon] == "summer"
      subtotal * rule[:tiers].first[:percent]
    end

    def self.tax(basket)
      basket[:lines].map { |line| line[:price] * line[:tax][:rate] }
    end
  end

  class Orders
    def required(value, name)
      raise ArgumentError, "#{name} is missing" if value.to_s.empty?
      value
    end

    def place(basket)
      required(basket[:customer], "customer")
      Pricing.price(basket)
    end

    def refund(basket)
      required(basket[:customer], "customer")
      -Pricing.price(basket)
    end

    def cancel(basket)
      transaction do
        basket[:lines].each do |line|
          line[:parts].clear
        end
      end
    end

    def ship(address, lines)
      raise ArgumentError, "no address" if address.empty?
      raise ArgumentError, "nothing to ship" if lines.empty?
    end

    def transaction
      yield
    end

    define_method(:reserve) do |basket|
      raise "order #{basket[:id]} could not be reserved at #{basket[:at]}"
    end

    def method_missing(name, basket)
      raise ShopError, "no action #{name} for #{basket[:id]}"
    end

    def respond_to_missing?(*) = true
  end

  module Rows
    def self.parse(basket)
      parse_price(basket[:price_text])
      parse_date(basket[:date_text])
    end

    def self.parse_price(text) = Float(text)

    def self.parse_date(text) = Integer(text, 10)

    def self.settings(text) = JSON.parse(text)

    def self.orders(text) = text.split("\n").map { |line| JSON.parse(line) }
  end

  module Stock
    def self.fetch(basket)
      raise IOError, "#{basket[:address]} did not answer within #{basket[:id] % 90} s"
    end

    def self.load(basket, answer = nil)
      answer ? JSON.parse(answer) : fetch(basket)
    rescue StandardError
      raise ShopError, "no stock for order #{basket[:id]}"
    end

    def self.walk(node, depth)
      return node.fetch(:name) if depth.zero?
      walk_children(node, depth - 1)
    end

    def self.walk_children(node, depth)
      node[:children].each { |child| walk(child, depth) }
    end

    def self.tree(depth) = depth.zero? ? { children: [{}] } : { children: [tree(depth - 1)] }

    def self.even(number) = number.zero? || odd(number - 1)

    def self.odd(number) = !number.zero? && even(number - 1)

    def self.call_warehouse = raise("service is unavailable")

    def self.call_mailer = raise("service is unavailable")
  end

  module Api
    def self.order(basket) = get("/orders/#{basket[:id]}", 503)

    def self.price(basket) = get("/prices/#{basket[:id]}", 500)

    def self.get(path, answer) = check(path, answer)

    def self.check(path, answer)
      raise ShopError, "GET #{path}: #{answer}" if answer >= 400
    end
  end

  VIEWS = {
    discount_unknown_coupon: ->(basket) { Orders.new.place(basket.merge(coupon: "winter")) },
    discount_without_percent: ->(basket) { Orders.new.place(basket.merge(coupon: "summer")) },
    order_without_customer: ->(basket) { Orders.new.place(basket.merge(customer: "")) },
    refund_without_customer: ->(basket) { Orders.new.refund(basket.merge(customer: nil)) },
    reserve: ->(basket) { Orders.new.reserve(basket) },
    cancel: ->(basket) { Orders.new.cancel(basket) },
    no_action: ->(basket) { Orders.new.send_off(basket) },
    bad_price: ->(basket) { Rows.parse(basket.merge(price_text: basket[:locale_price])) },
    bad_date: ->(basket) { Rows.parse(basket.merge(price_text: "1")) },
    settings: ->(basket) { Rows.settings("{" * (1 + basket[:id] % 7)) },
    order_lines: ->(basket) { Rows.orders("[]\n[#{'1,' * (basket[:id] % 7)}") },
    tax: ->(basket) { Pricing.tax(basket) },
    stock_unreachable: ->(basket) { Stock.load(basket) },
    stock_garbled: ->(basket) { Stock.load(basket, "<html>") },
    categories: ->(basket) { Stock.walk(Stock.tree(2 * (basket[:id] % 9)), 1 + 2 * (basket[:id] % 9)) },
    parity: ->(basket) { Stock.even(1_000_000 + basket[:id]) },
    warehouse_call: ->(_) { Stock.call_warehouse },
    api_order: ->(basket) { Api.order(basket) },
    api_price: ->(basket) { Api.price(basket) },
    mailer_call: ->(_) { Stock.call_mailer },
  }.freeze

  # Where nothing that stays from release to release tells two bugs apart.
  HARD_VIEWS = {
    ship_without_address: ->(_) { Orders.new.ship("", [1]) },
    ship_without_lines: ->(_) { Orders.new.ship("here", []) },
  }.freeze

  MESSAGES = {
    message_paid: ->(b) { "#{b[:mail]} paid #{b[:locale_number]} for #{b[:id]} on #{b[:at]}" },
    message_address: ->(b) { "Too many requests from #{b[:address]}, session #{b[:token]}" },
    message_file: ->(b) { "Import of #{b[:path]} took #{b[:duration]}" },
  }.freeze
end
