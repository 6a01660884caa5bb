/*
 * Lets SystemTap up to 5.1 compile for kernels since 6.1.100 and 6.6.40: there task_work_cancel() takes a work, and what
 * SystemTap calls by that name is task_work_cancel_func(). Only the probes of user code call it, of which there are none.
 */
#define task_work_cancel task_work_cancel_work
#include <linux/task_work.h>
#undef task_work_cancel
struct callback_head *task_work_cancel(struct task_struct *, task_work_func_t);
