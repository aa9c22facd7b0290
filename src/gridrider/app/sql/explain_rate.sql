-- The rate of a payment on a day, for the vintage, duration and class that it asks for.
select r.* from rate as r join payment as p on p.pay_no = r.pay_no
where r.pay_no = ? and r.day = ? and r.vintage is not distinct from case when p.locks then cast(? as date) end
 and r.duration_s is not distinct from case when p.by_duration then cast(? as bigint) end
 and r.customer_class is not distinct from case when p.by_class then cast(? as varchar) end
