using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;

namespace Shop
{
    public class Basket
    {
        public int Id;
        public string Uuid, Mail, Token, At, LocaleNumber, Address, Path, Duration, Customer, Coupon, DateText, LocalePrice;
        public List<Line> Lines = new List<Line> { new Line { Price = 3, Count = 2 } };

        public Basket With(string coupon, string customer)
        {
            var copy = (Basket)MemberwiseClone();
            copy.Coupon = coupon;
            copy.Customer = customer;
            return copy;
        }
    }

    public class Line { public int Price, Count, Tax; }

    public class ShopException : Exception
    {
        public ShopException(string message, Exception inner = null) : base(message, inner) { }
    }

    public static class Pricing
    {
        static readonly Dictionary<string, List<int>> Coupons = new Dictionary<string, List<int>> { { "spring", new List<int>() } };

        public static int Price(Basket basket)
        {
            var subtotal = basket.Lines.Sum(line => line.Price * line.Count);
            return subtotal - Discount(basket, subtotal);
        }

        public static int Discount(Basket basket, int subtotal)
        {
            Coupons.TryGetValue(basket.Coupon, out var rule);
            if (basket.Coupon == "summer") throw new InvalidOperationException("no percentage for " + basket.Id);
            return subtotal * rule[basket.Id % 5];
        }

        public static int Tax(Basket basket) { return basket.Lines.Sum(line => line.Price / line.Tax); }

        public static T First<T>(IEnumerable<T> values, Func<T, bool> wanted)
        {
            if (!values.Any(wanted)) throw new KeyNotFoundException("nothing of " + values.Count() + " is wanted");
            return values.First();
        }
    }

    public class Orders
    {
        void Required(string value, string name)
        {
            if (string.IsNullOrEmpty(value)) throw new ArgumentException(name + " is missing");
        }

        public int Place(Basket basket)
        {
            Required(basket.Customer, "customer");
            return Pricing.Price(basket);
        }

        public async Task<int> PlaceAsync(Basket basket)
        {
            await Task.Yield();
            Required(basket.Customer, "customer");
            return Pricing.Price(basket);
        }

        public int Refund(Basket basket)
        {
            Required(basket.Customer, "customer");
            return -Pricing.Price(basket);
        }

        public void Reserve(Basket basket)
        {
            Action attempt = () => { throw new TimeoutException("order " + basket.Id + " at " + basket.At); };
            attempt();
        }

        public void Ship(string address, int lines)
        {
            if (address == "") throw new ArgumentException("no address");
            if (lines == 0) throw new ArgumentException("nothing to ship");
        }

        public IEnumerable<int> Counts(Basket basket)
        {
            foreach (var line in basket.Lines) yield return line.Price / line.Tax;
        }
    }

    public static class Stock
    {
        public static int ParsePrice(string text) { return int.Parse(text); }

        public static int ParseCount(string text) { return int.Parse(text); }

        static void Fetch(Basket basket) { throw new TimeoutException(basket.Address + " did not answer within " + basket.Id % 90 + " s"); }

        public static void Load(Basket basket, string answer)
        {
            try
            {
                if (answer == null) Fetch(basket);
                ParsePrice(answer);
            }
            catch (Exception error)
            {
                throw new ShopException("no stock for order " + basket.Id, error);
            }
        }

        public static int Walk(int depth, int[] values) { return depth == 0 ? values[values.Length] : WalkChildren(depth - 1, values) + 1; }

        static int WalkChildren(int depth, int[] values) { return Walk(depth, values) + 1; }

        [MethodImpl(MethodImplOptions.NoInlining)]
        public static void CallWarehouse() { throw new InvalidOperationException("service is unavailable"); }

        [MethodImpl(MethodImplOptions.NoInlining)]
        public static void CallMailer() { throw new InvalidOperationException("service is unavailable"); }

        public static void AskAll(int count)
        {
            Task.WaitAll(Enumerable.Range(0, count).Select(number => Task.Run(() => AskOne(number))).ToArray());
        }

        static void AskOne(int number) { throw new TimeoutException("warehouse " + number + " did not answer"); }
    }

    /// One handler for all: what tells its bugs apart is what it calls.
    public class Views
    {
        public static readonly string[] Actions = { "DiscountUnknownCoupon", "DiscountWithoutPercent", "DiscountWithoutTiers", "OrderWithoutCustomer", "RefundWithoutCustomer", "Reserve", "Counts", "Tax", "First", "BadPrice", "BadCount", "StockUnreachable", "StockGarbled", "Categories", "WarehouseCall", "MailerCall", "Warehouses", "ApiOrder", "ApiPrice" };
        public static readonly string[] AsynchronousActions = { "DiscountUnknownCoupon", "DiscountWithoutPercent", "DiscountWithoutTiers", "OrderWithoutCustomer" };
        // Where nothing that stays from release to release tells two bugs apart.
        public static readonly string[] HardActions = { "ShipWithoutAddress", "ShipWithoutLines" };

        readonly Orders orders = new Orders();

        public void Handle(string action, Basket b)
        {
            switch (action)
            {
                case "DiscountUnknownCoupon": orders.Place(b.With("winter", "ann")); break;
                case "DiscountWithoutPercent": orders.Place(b.With("summer", "ann")); break;
                case "DiscountWithoutTiers": orders.Place(b.With("spring", "ann")); break;
                case "OrderWithoutCustomer": orders.Place(b.With("spring", "")); break;
                case "RefundWithoutCustomer": orders.Refund(b.With("spring", null)); break;
                case "Reserve": orders.Reserve(b); break;
                case "Counts": orders.Counts(b).ToList(); break;
                case "Tax": Pricing.Tax(b); break;
                case "First": Pricing.First(b.Lines, line => line.Price > 5); break;
                case "BadPrice": Stock.ParsePrice(b.LocalePrice); break;
                case "BadCount": Stock.ParseCount(b.LocaleNumber + "x"); break;
                case "StockUnreachable": Stock.Load(b, null); break;
                case "StockGarbled": Stock.Load(b, "<html>"); break;
                case "Categories": Stock.Walk(1 + 2 * (b.Id % 9), new int[b.Id % 4]); break;
                case "WarehouseCall": Stock.CallWarehouse(); break;
                case "MailerCall": Stock.CallMailer(); break;
                case "Warehouses": Stock.AskAll(1 + b.Id % 4); break;
                case "ApiOrder": Api.Order(b); break;
                case "ApiPrice": Api.Price(b); break;
                case "ShipWithoutAddress": orders.Ship("", 1); break;
                case "ShipWithoutLines": orders.Ship("here", 0); break;
            }
        }

        public async Task HandleAsync(string action, Basket b)
        {
            switch (action)
            {
                case "DiscountUnknownCoupon": await orders.PlaceAsync(b.With("winter", "ann")); break;
                case "DiscountWithoutPercent": await orders.PlaceAsync(b.With("summer", "ann")); break;
                case "DiscountWithoutTiers": await orders.PlaceAsync(b.With("spring", "ann")); break;
                case "OrderWithoutCustomer": await orders.PlaceAsync(b.With("spring", "")); break;
            }
        }
    }

    static class Api
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static void Order(Basket basket) { Get("/orders/" + basket.Id, 503); }

        [MethodImpl(MethodImplOptions.NoInlining)]
        public static void Price(Basket basket) { Get("/prices/" + basket.Id, 500); }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Get(string path, int answer) { Check(path, answer); }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Check(string path, int answer)
        {
            if (answer >= 400) throw new ShopException("GET " + path + ": " + answer);
        }
    }
}
